// The states of one thread, newest first, as LangGraph reads them. --go: runs one more turn before. --values: with every value as its
// serializer writes it, and the writes that wait.
import { agent, human } from "./graph.mjs";
import { open } from "./store.mjs";
import { options } from "./options.mjs";
import { digest } from "./random.mjs";

const o = options({ schema: "public", delta: 0, thread: "", go: false, values: false });
const { saver } = await open(o.schema);
const graph = agent(saver, o.delta);
const config = { configurable: { thread_id: o.thread }, recursionLimit: 80 };
if (o.go) await graph.invoke({ messages: [human(o.thread, 99)], turn: 99, plan: {} }, config);
const states = [];
const written = async (value) => { const [type, bytes] = await saver.serde.dumpsTyped(value); return type === "json" ? JSON.parse(new TextDecoder().decode(bytes)) : { type }; };
const whole = async (s) => ({
  state: Object.fromEntries(await Promise.all(Object.entries(s.values).map(async ([name, value]) => [name, await written(value)]))),
  writes: ((await saver.getTuple(s.config)).pendingWrites ?? []).map(([task, channel]) => `${task} ${channel}`),
});
for await (const s of graph.getStateHistory(config))
  states.push({ checkpoint: s.config.configurable.checkpoint_id, next: s.next, messages: s.values.messages?.length ?? 0, values: digest(s.values), parent: s.parentConfig?.configurable?.checkpoint_id ?? null, ...(o.values ? await whole(s) : {}) });
console.log(JSON.stringify({ states }));
await saver.end();

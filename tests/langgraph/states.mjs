// The states of one thread, newest first, as LangGraph reads them. --go: runs one more turn before.
import { agent, human } from "./graph.mjs";
import { open } from "./store.mjs";
import { options } from "./options.mjs";
import { digest } from "./random.mjs";

const o = options({ schema: "public", delta: 0, thread: "", go: false });
const { saver } = open(o.schema);
const graph = agent(saver, o.delta);
const config = { configurable: { thread_id: o.thread }, recursionLimit: 80 };
if (o.go) await graph.invoke({ messages: [human(o.thread, 99)], turn: 99, plan: {} }, config);
const states = [];
for await (const s of graph.getStateHistory(config))
  states.push({ checkpoint: s.config.configurable.checkpoint_id, next: s.next, messages: s.values.messages?.length ?? 0, values: digest(s.values) });
console.log(JSON.stringify({ states }));
await saver.end();

// Fills a store by running real conversations, from turn --start on. With --forever it goes on until SIGTERM and prints a line per acknowledged turn.
import { Command } from "@langchain/langgraph";
import { agent, human, planOf, threadId } from "./graph.mjs";
import { open } from "./store.mjs";
import { options } from "./options.mjs";

const o = options({ threads: 8, turns: 4, seed: "1", schema: "public", delta: 0, first: 1, start: 1, forever: false });
const { saver } = await open(o.schema);
await saver.setup();
const graph = agent(saver, o.delta);
let stopping = false;
process.on("SIGTERM", () => { stopping = true; });

async function converse(index) {
  const id = threadId(o.seed, index), plan = planOf(index, o.turns), config = { configurable: { thread_id: id }, recursionLimit: 80 };
  for (let turn = o.start; turn <= o.turns && !stopping; turn++) {
    await graph.invoke({ messages: [human(id, turn)], turn, plan }, config);
    const waits = (await graph.getState(config)).next.length > 0;
    if (o.forever) console.log(JSON.stringify({ thread: id, turn }));
    if (!waits) continue;
    if (plan.ask === turn && turn < o.turns) await graph.invoke(new Command({ resume: { approved: true } }), config);
    else break; // left waiting for a person
  }
  if (plan.fork && !stopping && !process.env.REDIS_SHALLOW) await fork(config);
}

async function fork(config) {
  const history = [];
  for await (const state of graph.getStateHistory(config)) history.push(state);
  const from = history.filter((s) => s.next[0] === "call")[1] ?? history.find((s) => s.next[0] === "call");
  const branch = await graph.updateState(from.config, { topic: "another way" });
  await graph.invoke(null, { ...branch, recursionLimit: 80 });
}

let next = o.first;
const last = o.forever ? Infinity : o.first + o.threads - 1;
await Promise.all([1, 2, 3, 4].map(async () => { while (next <= last && !stopping) await converse(next++); }));
await saver.end();
if (!o.forever) console.log(JSON.stringify({ threads: o.threads, turns: o.turns, seed: o.seed }));

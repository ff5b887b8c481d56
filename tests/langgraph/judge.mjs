// What LangGraph sees of every thread: history, every tuple of every namespace, the head with its subgraphs, as digests.
// --thread ID,ID looks at those only. --expect FILE compares with an earlier --out FILE; --resume N then resumes N waiting threads (which changes the store).
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "@langchain/langgraph";
import { agent } from "./graph.mjs";
import { open } from "./store.mjs";
import { options } from "./options.mjs";
import { digest } from "./random.mjs";

const o = options({ schema: "public", delta: 0, out: "", expect: "", thread: "", resume: 0 });
const { saver, threads: stored } = await open(o.schema);
const graph = agent(saver, o.delta);

async function look(id) {
  const config = { configurable: { thread_id: id } }, history = [], tuples = [];
  for await (const s of graph.getStateHistory(config)) history.push({ values: s.values, next: s.next, tasks: s.tasks, config: s.config, metadata: s.metadata, parent: s.parentConfig });
  for await (const t of saver.list(config)) tuples.push({ config: t.config, checkpoint: t.checkpoint, metadata: t.metadata, parent: t.parentConfig, writes: t.pendingWrites });
  const head = await graph.getState(config, { subgraphs: true });
  return { digest: digest([digest(history), digest(tuples), digest({ next: head.next, tasks: head.tasks, values: head.values })]), states: history.length, tuples: tuples.length, messages: head.values.messages?.length ?? 0, waiting: head.tasks.some((t) => t.interrupts?.length > 0) };
}

const ids = o.thread ? o.thread.split(",") : await stored();
const threads = {};
for (const id of ids) threads[id] = await look(id);
if (o.out) writeFileSync(o.out, JSON.stringify(threads));
const different = [];
if (o.expect) {
  const expected = JSON.parse(readFileSync(o.expect, "utf8"));
  for (const id of o.thread ? ids : new Set([...Object.keys(expected), ...ids])) if (expected[id]?.digest !== threads[id]?.digest) different.push(id);
}
const stuck = [];
let resumed = 0;
for (const id of ids.filter((i) => threads[i].waiting).slice(0, o.resume)) {
  const config = { configurable: { thread_id: id }, recursionLimit: 80 };
  let state = await graph.getState(config);
  for (let i = 0; i < 3 && state.next.length > 0; i++) {
    await graph.invoke(new Command({ resume: { approved: true } }), config);
    state = await graph.getState(config);
  }
  if (state.next.length > 0 || state.values.messages.length <= threads[id].messages) stuck.push(id); else resumed++;
}
console.log(JSON.stringify({ threads: ids.length, states: Object.values(threads).reduce((n, t) => n + t.states, 0), waiting: Object.values(threads).filter((t) => t.waiting).length, messages: Object.values(threads).reduce((n, t) => n + t.messages, 0), different, resumed, stuck, identical: different.length === 0 }));
await saver.end();
process.exit(different.length + stuck.length > 0 ? 1 : 0);

// One thread with an approval. make: runs to the approval, approves, runs on. state: where the thread stands. go: runs on without
// a decision. resume: approves.
import { Command } from "@langchain/langgraph";
import { agent, human, threadId } from "./graph.mjs";
import { open } from "./store.mjs";
import { options } from "./options.mjs";

const o = options({ do: "make", schema: "public", seed: "approval", thread: "", inside: false, delta: 0 });
const { saver } = await open(o.schema);
await saver.setup();
const graph = agent(saver, o.delta);
const thread = o.thread || threadId(o.seed, 1);
const config = { configurable: { thread_id: thread }, recursionLimit: 80 };
const plan = o.inside ? { research: true, askInside: 2 } : { ask: 2 };

async function where() {
  const state = await graph.getState(config, { subgraphs: true });
  const inner = state.tasks.map((t) => t.state?.config?.configurable).find((c) => c?.checkpoint_id);
  return {
    thread, next: state.next, checkpoint: state.config.configurable.checkpoint_id, inner: inner ? { namespace: inner.checkpoint_ns, checkpoint: inner.checkpoint_id } : null,
    interrupts: state.tasks.flatMap((t) => t.interrupts ?? []).length, messages: state.values.messages?.length ?? 0,
    decision: state.values.plan?.decision ?? null, notes: state.tasks.flatMap((t) => t.state?.values?.notes ?? []),
  };
}

let result;
if (o.do === "make") {
  for (const turn of [1, 2]) await graph.invoke({ messages: [human(thread, turn)], turn, plan }, config);
  const waiting = await where();
  await graph.invoke(new Command({ resume: { approved: true } }), config);
  await graph.invoke({ messages: [human(thread, 3)], turn: 3, plan }, config);
  result = { thread, waiting, after: await where() };
} else if (o.do === "go") {
  await graph.invoke(null, config);
  result = await where();
} else if (o.do === "resume") {
  const before = await where();
  await graph.invoke(new Command({ resume: { approved: "again" } }), config);
  result = { before, after: await where() };
} else result = await where();
console.log(JSON.stringify(result));
await saver.end();

// The newest LangGraph on threads of the graph in sends.mjs, whichever version wrote them. look: where they stand. go: lets the jobs of
// --thread ID,ID run and answers whoever asks; then one more turn.
import * as langGraph from "@langchain/langgraph";
import { open } from "./store.mjs";
import { options } from "./options.mjs";
import { sends, where } from "./sends.mjs";

const o = options({ do: "look", schema: "public", thread: "" });
const { saver, threads } = await open(o.schema);
await saver.setup();
const graph = sends(langGraph, saver);
const named = o.thread ? o.thread.split(",") : null;
for (const thread of o.do === "go" ? named : []) {
  const config = { configurable: { thread_id: thread } };
  const on = async () => {
    for (let state = await graph.getState(config), i = 0; state.next.length > 0 && i < 4; state = await graph.getState(config), i++)
      await graph.invoke(state.tasks.some((t) => t.interrupts?.length > 0) ? new langGraph.Command({ resume: "yes" }) : null, config);
  };
  await on();
  await graph.invoke({ turn: 2, ask: false }, config);
  await on();
}
console.log(JSON.stringify(await where(graph, named ?? await threads())));
await saver.end();

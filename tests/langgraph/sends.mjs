// A graph whose tasks are sent, for any version of LangGraph (its module is given): a plan sends jobs, which wait for a word before they
// run (interruptBefore); then, if asked to, a person is asked.
export function sends(langGraph, checkpointer) {
  const { Annotation, END, START, Send, StateGraph, interrupt } = langGraph;
  const appended = () => Annotation({ reducer: (a, b) => a.concat(b), default: () => [] });
  const State = Annotation.Root({ turn: Annotation({ reducer: (_, b) => b, default: () => 0 }), ask: Annotation({ reducer: (_, b) => b, default: () => false }), done: appended(), topic: Annotation() });
  return new StateGraph(State)
    .addNode("plan", (s) => ({ topic: `topic ${s.turn}`, done: [`planned ${s.turn}`] }))
    .addNode("job", (s) => ({ done: [`job ${s.turn}.${s.number}`] }))
    .addNode("close", (s) => ({ done: [s.ask ? `closed ${JSON.stringify(interrupt({ question: s.topic }))}` : `closed ${s.turn}`] }))
    .addEdge(START, "plan")
    .addConditionalEdges("plan", (s) => [1, 2, 3].map((number) => new Send("job", { turn: s.turn, number })), ["job"])
    .addEdge("job", "close").addEdge("close", END)
    .compile({ checkpointer, interruptBefore: ["job"] });
}

// Where threads stand: their histories with the tasks that come next, newest first.
export async function where(graph, threads) {
  const seen = {};
  for (const thread of threads) {
    const states = [];
    for await (const s of graph.getStateHistory({ configurable: { thread_id: thread } }))
      states.push({ checkpoint: s.config.configurable.checkpoint_id, next: s.next, values: s.values, interrupts: s.tasks.flatMap((t) => t.interrupts ?? []).map((i) => i.value) });
    seen[thread] = states;
  }
  return seen;
}

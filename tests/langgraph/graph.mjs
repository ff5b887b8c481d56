// An agent with everything that shapes checkpoints: a growing message list (reducer or DeltaChannel), values that are
// replaced, parallel tasks by Send, a subgraph, approvals in the graph and in the subgraph.
import { Annotation, DeltaChannel, END, START, Send, StateGraph, interrupt, messagesDeltaReducer, messagesStateReducer } from "@langchain/langgraph";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Random } from "./random.mjs";

const replaced = (initial) => Annotation({ reducer: (_, next) => next, default: () => initial });
const appended = () => Annotation({ reducer: (a, b) => (b === null ? [] : a.concat(b)), default: () => [] });
const randomOf = (config, state, node) => new Random(`${config.configurable.thread_id} ${state.turn} ${node}`);

const messages = (delta) => delta
  ? () => new DeltaChannel(messagesDeltaReducer, { snapshotFrequency: delta, initialValueFactory: () => [] })
  : Annotation({ reducer: messagesStateReducer, default: () => [] });

function researchGraph() {
  const State = Annotation.Root({ messages: messages(0), turn: replaced(0), plan: replaced({}), notes: appended() });
  return new StateGraph(State)
    .addNode("gather", (s, c) => ({ notes: [randomOf(c, s, "gather").text(40)] }))
    .addNode("confirm", (s, c) => s.plan.askInside === s.turn
      ? { notes: [`confirmed ${JSON.stringify(interrupt({ question: randomOf(c, s, "confirm").text(8) }))}`] }
      : {})
    .addNode("conclude", (s, c) => {
      const random = randomOf(c, s, "conclude");
      return { messages: [new AIMessage({ id: `sub-${random.id()}`, content: random.text(60) })] };
    })
    .addEdge(START, "gather").addEdge("gather", "confirm").addEdge("confirm", "conclude").addEdge("conclude", END)
    .compile();
}

export function agent(checkpointer, delta = 0) {
  const State = Annotation.Root({
    messages: messages(delta), turn: replaced(0), plan: replaced({}), topic: Annotation(), documents: replaced([]), found: appended(), steps: Annotation({ reducer: (a, b) => a + b, default: () => 0 }),
  });
  return new StateGraph(State)
    .addNode("think", (s, c) => ({ topic: randomOf(c, s, "think").text(3), found: null, steps: 1 }))
    .addNode("search", (s, c) => ({ found: [{ query: s.query, hit: new Random(`${c.configurable.thread_id} ${s.turn} ${s.query}`).text(50) }] }))
    .addNode("read", (s, c) => {
      const random = randomOf(c, s, "read");
      return { documents: Array.from({ length: random.int(1, 3) }, () => ({ id: random.id(), score: random.next(), text: random.text(80) })), steps: 1 };
    })
    .addNode("call", (s, c) => {
      const random = randomOf(c, s, "call");
      const call = { id: `call-${random.hex(12)}`, name: "lookup", args: { query: random.text(4) }, type: "tool_call" };
      return { messages: [new AIMessage({ id: `ai-${random.id()}`, content: random.text(20), tool_calls: [call] })] };
    })
    .addNode("tool", (s, c) => {
      const random = randomOf(c, s, "tool");
      return { messages: [new ToolMessage({ id: `tool-${random.id()}`, tool_call_id: s.messages.at(-1).tool_calls[0].id, content: JSON.stringify({ rows: Array.from({ length: random.int(2, 8) }, () => ({ sku: random.hex(8), title: random.text(5), price: random.int(1, 9999) / 100 })) }) })] };
    })
    .addNode("research", researchGraph())
    .addNode("approve", (s, c) => ({ plan: { ...s.plan, decision: interrupt({ action: randomOf(c, s, "approve").text(6) }) }, steps: 1 }))
    .addNode("answer", (s, c) => {
      const random = randomOf(c, s, "answer");
      return { messages: [new AIMessage({ id: `ai-${random.id()}`, content: random.text(random.int(40, 160)) })], steps: 1 };
    })
    .addEdge(START, "think")
    .addConditionalEdges("think", (s) => s.plan.fanOut && s.turn % 2 === 0 ? [1, 2, 3].map((n) => new Send("search", { query: `${s.topic} ${n}`, turn: s.turn })) : ["read"], ["search", "read"])
    .addEdge("search", "read").addEdge("read", "call").addEdge("call", "tool")
    .addConditionalEdges("tool", (s) => s.plan.research && s.turn % 2 === 0 ? "research" : s.plan.ask === s.turn ? "approve" : "answer", ["research", "approve", "answer"])
    .addConditionalEdges("research", (s) => s.plan.ask === s.turn ? "approve" : "answer", ["approve", "answer"])
    .addEdge("approve", "answer").addEdge("answer", END)
    .compile({ checkpointer });
}

// What a thread does, by its number: every third asks and is left waiting, and so on.
export function planOf(index, turns) {
  const even = turns - (turns % 2);
  return {
    research: index % 3 === 1, fanOut: index % 4 === 2,
    ask: index % 3 === 0 ? turns : index % 5 === 2 ? Math.max(1, turns - 1) : 0,
    askInside: index % 6 === 1 && even > 0 ? even : 0, fork: index % 5 === 4,
  };
}

export const human = (thread, turn) => {
  const random = new Random(`${thread} ${turn} human`);
  return new HumanMessage({ id: `human-${random.id()}`, content: random.text(random.int(10, 50)) });
};

export const threadId = (seed, index) => new Random(`${seed} thread ${index}`).id();

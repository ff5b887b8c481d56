// Fills a store by LangGraph JS of 2024 with its saver, whose checkpoints are of format 1: three threads that wait before their jobs, for
// an answer, and for nothing any more.
import pg from "pg";
import * as langGraph from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { sends, where } from "../sends.mjs";

const saver = new PostgresSaver(new pg.Pool({ connectionString: process.env.PG_CONN }));
await saver.setup();
const graph = sends(langGraph, saver);
for (const [thread, ask] of [["asks", true], ["over", false], ["waits", false]]) {
  const config = { configurable: { thread_id: thread } };
  await graph.invoke({ turn: 1, ask }, config);
  if (thread !== "waits") await graph.invoke(null, config);
}
console.log(JSON.stringify(await where(graph, ["asks", "over", "waits"])));
await saver.end();

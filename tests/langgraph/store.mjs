// The saver under test: LangGraph's for PostgreSQL, from PG_CONN, or with REDIS_URL that for Redis; with REDIS_SHALLOW the one that keeps the newest checkpoint.
import pg from "pg";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { RedisSaver } from "@langchain/langgraph-checkpoint-redis";
import { ShallowRedisSaver } from "@langchain/langgraph-checkpoint-redis/shallow";

export async function open(schema) {
  if (process.env.REDIS_URL) return redis(await (process.env.REDIS_SHALLOW ? ShallowRedisSaver : RedisSaver).fromUrl(process.env.REDIS_URL));
  if (!process.env.PG_CONN) throw new Error("set PG_CONN to the URL of a PostgreSQL database, or REDIS_URL to that of a Redis");
  const pool = new pg.Pool({ connectionString: process.env.PG_CONN, max: 6 });
  const threads = async () => (await pool.query(`select distinct thread_id from "${schema}".checkpoints order by 1`)).rows.map((r) => r.thread_id);
  return { threads, saver: new PostgresSaver(pool, undefined, { schema }) };
}

function redis(saver) {
  saver.setup ??= async () => {};
  // It lists no more than 10 unless told.
  const list = saver.list.bind(saver);
  saver.list = (config, options) => list(config, { limit: 10000, ...options });
  const threads = async () => [...new Set((await Promise.all((await saver.client.keys("checkpoint:*")).map((key) => saver.client.json.get(key)))).map((doc) => doc.thread_id))].sort();
  return { threads, saver };
}

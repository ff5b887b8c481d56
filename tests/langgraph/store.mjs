// The saver under test, from PG_CONN.
import pg from "pg";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";

export function open(schema) {
  if (!process.env.PG_CONN) throw new Error("set PG_CONN to the URL of a PostgreSQL database");
  const pool = new pg.Pool({ connectionString: process.env.PG_CONN, max: 6 });
  return { pool, saver: new PostgresSaver(pool, undefined, { schema }) };
}

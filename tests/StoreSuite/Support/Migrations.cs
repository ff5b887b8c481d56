namespace Backup.Tests.StoreSuite.Support;

/// <summary>LangGraph's tables by the steps in which its setup() makes them, a row for each (formats.md §2.2).</summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        "CREATE TABLE IF NOT EXISTS {s}.checkpoint_migrations (v INTEGER PRIMARY KEY)",
        """
        CREATE TABLE IF NOT EXISTS {s}.checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, parent_checkpoint_id TEXT, type TEXT,
          checkpoint JSONB NOT NULL, metadata JSONB NOT NULL DEFAULT '{}', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id))
        """,
        """
        CREATE TABLE IF NOT EXISTS {s}.checkpoint_blobs (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', channel TEXT NOT NULL, version TEXT NOT NULL, type TEXT NOT NULL,
          blob BYTEA NOT NULL, PRIMARY KEY (thread_id, checkpoint_ns, channel, version))
        """,
        """
        CREATE TABLE IF NOT EXISTS {s}.checkpoint_writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL, idx INTEGER NOT NULL,
          channel TEXT NOT NULL, type TEXT, blob BYTEA NOT NULL, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx))
        """,
        "ALTER TABLE {s}.checkpoint_blobs ALTER COLUMN blob DROP NOT NULL",
        "SELECT 1",
        "CREATE INDEX IF NOT EXISTS checkpoints_thread_id_idx ON {s}.checkpoints(thread_id)",
        "CREATE INDEX IF NOT EXISTS checkpoint_blobs_thread_id_idx ON {s}.checkpoint_blobs(thread_id)",
        "CREATE INDEX IF NOT EXISTS checkpoint_writes_thread_id_idx ON {s}.checkpoint_writes(thread_id)",
        "ALTER TABLE {s}.checkpoint_writes ADD COLUMN IF NOT EXISTS task_path TEXT NOT NULL DEFAULT ''",
    ];

    /// <summary>What setup() of a saver whose last migration is <paramref name="last"/> does with a schema: what lies behind the highest row.</summary>
    public static async Task SetupAsync(PostgresUnderTest store, int last)
    {
        await store.ExecuteAsync("CREATE SCHEMA IF NOT EXISTS {s}; " + Steps[0]);
        var done = await store.ScalarAsync<int>("SELECT coalesce(max(v), -1) FROM {s}.checkpoint_migrations");
        for (var step = done + 1; step <= last; step++)
            await store.ExecuteAsync($"{Steps[step]}; INSERT INTO {{s}}.checkpoint_migrations VALUES ({step})");
    }

    /// <summary>Columns, keys, indexes and migrations of a schema, as text.</summary>
    public static Task<string> ShapeAsync(PostgresUnderTest store) => store.ScalarAsync<string>("""
        SELECT string_agg(line, E'\n' ORDER BY line) FROM (
          SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line FROM information_schema.columns WHERE table_schema = '{n}'
          UNION ALL SELECT format('%s %s', indexname, substring(indexdef from 'USING .*')) FROM pg_indexes WHERE schemaname = '{n}'
          UNION ALL SELECT 'migration ' || v FROM {s}.checkpoint_migrations) x
        """.Replace("{n}", store.Schema, StringComparison.Ordinal));

    /// <summary>Every row of the three tables, as text.</summary>
    public static async Task<string> RowsAsync(PostgresUnderTest store, string writes = "w.*") => await store.ScalarAsync<string>($$"""
        SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (SELECT c::text AS line FROM {s}.checkpoints c UNION ALL SELECT b::text FROM {s}.checkpoint_blobs b
          UNION ALL SELECT x::text FROM (SELECT {{writes}} FROM {s}.checkpoint_writes w) x) r
        """);
}

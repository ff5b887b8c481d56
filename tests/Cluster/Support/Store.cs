using Npgsql;

namespace Backup.Tests.Cluster.Support;

/// <summary>A database with a LangGraph store of made-up rows in schema <c>agents</c>: enough of them to be in the middle of.</summary>
public sealed class Store : IAsyncDisposable
{
    private const string Tables = """
        CREATE SCHEMA agents;
        CREATE TABLE agents.checkpoint_migrations (v integer PRIMARY KEY);
        INSERT INTO agents.checkpoint_migrations SELECT generate_series(0, 9);
        CREATE TABLE agents.checkpoints (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, parent_checkpoint_id text, type text,
          checkpoint jsonb NOT NULL, metadata jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
        CREATE TABLE agents.checkpoint_blobs (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', channel text NOT NULL, version text NOT NULL, type text NOT NULL, blob bytea,
          PRIMARY KEY (thread_id, checkpoint_ns, channel, version));
        CREATE TABLE agents.checkpoint_writes (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, task_id text NOT NULL, idx int NOT NULL, channel text NOT NULL,
          type text, blob bytea NOT NULL, task_path text NOT NULL DEFAULT '', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
        """;

    private readonly EmptyDatabase database;

    private Store(EmptyDatabase database) => this.database = database;

    public string ConnectionString => database.ConnectionString;

    /// <summary>A database without a store.</summary>
    public static async Task<Store> EmptyAsync() => new(await EmptyDatabase.CreateAsync());

    /// <summary>Makes a store of threads with three checkpoints each, of about 8 kB.</summary>
    public static async Task<Store> CreateAsync(int threads)
    {
        var store = new Store(await EmptyDatabase.CreateAsync());
        await store.ExecuteAsync(Tables + $"""
            INSERT INTO agents.checkpoints SELECT 'thread-' || t, '', 'c' || c, CASE WHEN c > 1 THEN 'c' || c - 1 END, NULL,
              jsonb_build_object('v', 4, 'id', 'c' || c, 'channel_versions', jsonb_build_object('messages', c)), jsonb_build_object('step', c, 'source', 'loop')
              FROM generate_series(1, {threads}) t, generate_series(1, 3) c;
            INSERT INTO agents.checkpoint_blobs SELECT 'thread-' || t, '', 'messages', c::text, 'msgpack',
              (SELECT string_agg(sha256((t || '/' || c || '/' || n)::bytea), '') FROM generate_series(1, 80) n)
              FROM generate_series(1, {threads}) t, generate_series(1, 3) c;
            INSERT INTO agents.checkpoint_writes SELECT 'thread-' || t, '', 'c3', 'task', 0, 'messages', 'msgpack', sha256(t::text::bytea), '' FROM generate_series(1, {threads}) t;
            ANALYZE;
            """);
        return store;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Keeps everybody from reading a table until the result is disposed.</summary>
    public async Task<NpgsqlConnection> LockAsync(string table)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>Removes a schema, so that it is restored into as if it had never been.</summary>
    public Task DropAsync(string schema) => ExecuteAsync($"DROP SCHEMA IF EXISTS {schema} CASCADE");

    /// <summary>Two schemas hold the same rows, under the same keys.</summary>
    public async Task AssertSameAsync(string schema, string other = "agents")
    {
        foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations" })
        {
            Assert.Equal(0, await ScalarAsync<long>($"SELECT count(*) FROM ((TABLE {other}.{table} EXCEPT ALL TABLE {schema}.{table}) UNION ALL (TABLE {schema}.{table} EXCEPT ALL TABLE {other}.{table})) different"));
            Assert.True(await ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = '{schema}.{table}'::regclass AND contype = 'p')"), $"{schema}.{table} has no key");
        }
    }

    /// <summary>Nobody holds a snapshot or a lock of this database any more.</summary>
    public async Task AssertLetGoAsync(double seconds = 30)
    {
        var held = "";
        await Until.TrueAsync(() => $"the cut was not let go of everywhere: {held}", async () => (held = await ScalarAsync<string>("""
            SELECT coalesce(string_agg(format('%s %s since %s, now %s: %s', pid, state, xact_start, clock_timestamp(), left(query, 100)), '; '), '') FROM pg_stat_activity
              WHERE datname = current_database() AND backend_type = 'client backend' AND (state LIKE 'idle in transaction%' OR backend_xmin IS NOT NULL) AND pid <> pg_backend_pid()
            """)).Length == 0, seconds);
    }

    public ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        return database.DisposeAsync();
    }
}

using Backup.Contracts;
using Backup.Tests.Cluster.Support;
using Npgsql;

namespace Backup.Tests.Cluster.ChangeLog;

/// <summary>A LangGraph store in a database of its own that is written to while it is followed.</summary>
internal sealed class FollowedStore : IAsyncDisposable
{
    private const string Tables = """
        CREATE TABLE checkpoint_migrations (v INTEGER PRIMARY KEY);
        INSERT INTO checkpoint_migrations SELECT generate_series(0, 9);
        CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, parent_checkpoint_id TEXT, type TEXT,
          checkpoint JSONB NOT NULL, metadata JSONB NOT NULL DEFAULT '{}', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
        CREATE TABLE checkpoint_blobs (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', channel TEXT NOT NULL, version TEXT NOT NULL, type TEXT NOT NULL, blob BYTEA,
          PRIMARY KEY (thread_id, checkpoint_ns, channel, version));
        CREATE TABLE checkpoint_writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL,
          type TEXT, blob BYTEA NOT NULL, task_path TEXT NOT NULL DEFAULT '', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
        """;

    private readonly EmptyDatabase? database;
    private readonly NpgsqlDataSource source;
    private int written;
    private string? owner;

    private FollowedStore(EmptyDatabase? database, string connectionString) => (this.database, ConnectionString, source) = (database, connectionString, NpgsqlDataSource.Create(connectionString));

    public string ConnectionString { get; }

    public static async Task<FollowedStore> CreateAsync()
    {
        var database = await EmptyDatabase.CreateAsync();
        return await new FollowedStore(database, database.ConnectionString).BeginAsync();
    }

    /// <summary>A store in a database that is there.</summary>
    public static Task<FollowedStore> CreateAsync(string connectionString) => new FollowedStore(null, connectionString).BeginAsync();

    private async Task<FollowedStore> BeginAsync()
    {
        await ExecuteAsync(Tables);
        await WriteAsync("first");
        return this;
    }

    /// <summary>Adds a checkpoint to a thread.</summary>
    /// <returns>The end of the server's log after the commit.</returns>
    public async Task<ulong> WriteAsync(string thread)
    {
        var id = $"c{Interlocked.Increment(ref written):000000}";
        await ExecuteAsync($$$"""INSERT INTO checkpoints (thread_id, checkpoint_id, checkpoint, metadata) VALUES ('{{{thread}}}', '{{{id}}}', '{"v":4,"id":"{{{id}}}","channel_versions":{}}', '{"step":1,"source":"loop"}')""");
        return LogPosition.Read(await ScalarAsync<string>("SELECT pg_current_wal_lsn()::text"))!.Value;
    }

    /// <summary>Takes the slot of the feed away, as an administrator may.</summary>
    public async Task DropSlotAsync() => await Until.TrueAsync("the slot is dropped", async () =>
    {
        try
        {
            return await ScalarAsync<long>("""
                WITH ended AS MATERIALIZED (SELECT slot_name, pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND NOT temporary)
                SELECT count(pg_drop_replication_slot(slot_name)) FROM ended
                """) > 0;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            return false; // the one that read it is still ending
        }
    });

    /// <summary>Has the server write a hundred megabytes into its log that are nobody's.</summary>
    public Task WriteMuchAsync() => ExecuteAsync("SELECT pg_logical_emit_message(false, 'noise', repeat('x', 1 << 20)) FROM generate_series(1, 100)");

    /// <summary>A role that owns the tables and may follow them, and no more.</summary>
    /// <returns>The connection string of the role, which ends with the database.</returns>
    public async Task<string> OwnerAsync()
    {
        owner = $"owner_{Randomness.Token(8)}";
        await ExecuteAsync($"""
            CREATE ROLE {owner} LOGIN REPLICATION; GRANT EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint() TO {owner};
            ALTER SCHEMA public OWNER TO {owner}; ALTER TABLE checkpoints OWNER TO {owner}; ALTER TABLE checkpoint_blobs OWNER TO {owner};
            ALTER TABLE checkpoint_writes OWNER TO {owner}; ALTER TABLE checkpoint_migrations OWNER TO {owner};
            DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {owner}', current_database()); END $$;
            """);
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Username = owner }.ConnectionString;
    }

    /// <summary>How many slots the server has for this database.</summary>
    public Task<long> SlotsAsync() => ScalarAsync<long>("SELECT count(*) FROM pg_replication_slots WHERE database = current_database() AND NOT temporary");

    public async Task ExecuteAsync(string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (owner is not null) await ExecuteAsync($"REASSIGN OWNED BY {owner} TO CURRENT_USER; DROP OWNED BY {owner}; DROP ROLE {owner}");
        await source.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}

using Npgsql;

namespace Backup.Tests.Recovery.Model;

/// <summary>
/// A LangGraph store that random operations change, one commit after the other: what its savers do (formats.md §2.4), and what administrators
/// do behind their backs. Each says which threads it touched; null stands for all.
/// </summary>
internal sealed class ModelStore(string connectionString, Random random) : IAsyncDisposable
{
    /// <summary>What long-term memory is called beside threads.</summary>
    public const string Memory = "(store)";

    private const string StoreTable = """
        CREATE TABLE agents.store (prefix text NOT NULL, key text NOT NULL, value jsonb NOT NULL, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(),
          expires_at timestamptz, ttl_minutes int, PRIMARY KEY (prefix, key))
        """;
    private readonly NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
    private readonly List<string> threads = [];
    private NpgsqlConnection? open; // a transaction that others commit beside
    private int made;

    public Task SetupAsync() => ExecuteAsync(StoreTable);

    /// <summary>Does something and commits it.</summary>
    public async Task<IReadOnlyCollection<string>?> StepAsync()
    {
        switch (threads.Count == 0 ? 0 : random.Next(100))
        {
            case < 40: return [await PutAsync()];
            case < 58: return [await WriteAsync(special: random.Next(3) == 0)];
            case < 64: return [await DeleteThreadAsync()];
            case < 72: return [await DeletePartAsync()];
            case < 78: return [await ChangeMetadataAsync()];
            case < 86: return [await RememberAsync()];
            case < 88: return [await RefreshAsync()];
            case < 91: return [await ForgetAsync()];
            case < 98: return [await LongAsync()];
            case < 99:
                await ExecuteAsync("TRUNCATE agents.checkpoint_writes");
                return null;
            default:
                await ExecuteAsync("VACUUM FULL agents.checkpoint_blobs");
                return [];
        }
    }

    /// <summary>Commits what is open: an exact cut waits for it.</summary>
    public async Task<IReadOnlyCollection<string>> SettleAsync() => open is null ? [] : [await LongAsync()];

    /// <summary>The rows of each thread of a schema, as the server prints them.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="of">The threads, or null for all.</param>
    public async Task<Dictionary<string, string>> ReadAsync(string schema, IReadOnlyCollection<string>? of)
    {
        // Threads that are restored into nothing make no table of long-term memory.
        await using var look = source.CreateCommand($"SELECT to_regclass('{schema}.store') IS NOT NULL");
        var memory = (bool)(await look.ExecuteScalarAsync())! ? $"UNION ALL SELECT '{Memory}', 's ' || t::text FROM {schema}.store t" : "";
        await using var command = source.CreateCommand($"""
            SELECT id, string_agg(row, E'\n' ORDER BY row COLLATE "C") FROM (
              SELECT thread_id id, 'c ' || t::text row FROM {schema}.checkpoints t UNION ALL SELECT thread_id, 'b ' || t::text FROM {schema}.checkpoint_blobs t
              UNION ALL SELECT thread_id, 'w ' || t::text FROM {schema}.checkpoint_writes t {memory}) every
            WHERE $1::text[] IS NULL OR id = ANY($1) GROUP BY id
            """);
        command.Parameters.Add(new() { Value = (object?)of?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text });
        var rows = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) rows.Add(reader.GetString(0), reader.GetString(1));
        return rows;
    }

    /// <summary>A moment behind everything that was committed: a position below whatever comes next, and the server's clock.</summary>
    public async Task<(ulong Position, DateTimeOffset Time)> NowAsync()
    {
        await using var command = source.CreateCommand("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, clock_timestamp()");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return ((ulong)reader.GetInt64(0) - 1, new(reader.GetDateTime(1)));
    }

    /// <summary>A change that is none, so that the log is looked at.</summary>
    public Task BeatAsync() => ExecuteAsync("UPDATE agents.checkpoint_migrations SET v = v WHERE v = 0; INSERT INTO agents.store (prefix, key, value) VALUES ('beat', 'beat', '0') ON CONFLICT DO NOTHING; DELETE FROM agents.store WHERE prefix = 'beat'");

    public async ValueTask DisposeAsync()
    {
        if (open is not null) await open.DisposeAsync();
        await source.DisposeAsync();
    }

    // A checkpoint on the newest or, a fork, on an older one; values of channels that changed; at times a part that is rolled back.
    private async Task<string> PutAsync()
    {
        var thread = threads.Count < 3 || random.Next(6) == 0 ? NewThread() : Any();
        var id = $"1f{++made:D8}";
        var sql = $"""
            BEGIN;
            INSERT INTO agents.checkpoints SELECT {Text(thread)}, {Namespace()}, '{id}', (SELECT checkpoint_id FROM agents.checkpoints WHERE thread_id = {Text(thread)} ORDER BY {(random.Next(4) == 0 ? "random()" : "checkpoint_id DESC")} LIMIT 1), NULL,
              '{Checkpoint(id)}', '{Json(random.Next(20, 200))}';
            """;
        for (var i = random.Next(3); i >= 0; i--) sql += $"INSERT INTO agents.checkpoint_blobs VALUES ({Text(thread)}, {Namespace()}, 'channel{random.Next(5)}', '{random.Next(1 + (made / 2), 2 + made):D32}.0.5', 'msgpack', {Bytes()}) ON CONFLICT DO NOTHING;";
        if (random.Next(5) == 0) sql += $"SAVEPOINT s; DELETE FROM agents.checkpoints WHERE thread_id = {Text(thread)}; ROLLBACK TO s; SAVEPOINT t; INSERT INTO agents.checkpoint_writes VALUES ({Text(thread)}, '', '{id}', 'sub', 0, 'messages', 'msgpack', {Bytes()}); RELEASE t;";
        await ExecuteAsync(sql + "COMMIT");
        return thread;
    }

    private async Task<string> WriteAsync(bool special)
    {
        var thread = Any();
        await ExecuteAsync($"""
            INSERT INTO agents.checkpoint_writes SELECT thread_id, checkpoint_ns, checkpoint_id, 'task{random.Next(3)}', {(special ? -random.Next(1, 5) : random.Next(4))}, {(special ? "'__resume__'" : "'messages'")}, 'msgpack', {Bytes()}
              FROM agents.checkpoints WHERE thread_id = {Text(thread)} ORDER BY random() LIMIT 1
              ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) DO {(special ? "UPDATE SET channel = EXCLUDED.channel, type = EXCLUDED.type, blob = EXCLUDED.blob" : "NOTHING")}
            """);
        return thread;
    }

    private async Task<string> DeleteThreadAsync()
    {
        var thread = Any();
        await ExecuteAsync($"BEGIN; DELETE FROM agents.checkpoints WHERE thread_id = {Text(thread)}; DELETE FROM agents.checkpoint_blobs WHERE thread_id = {Text(thread)}; DELETE FROM agents.checkpoint_writes WHERE thread_id = {Text(thread)}; COMMIT");
        return thread;
    }

    private async Task<string> DeletePartAsync()
    {
        var (thread, table) = (Any(), new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" }[random.Next(3)]);
        await ExecuteAsync($"DELETE FROM agents.{table} WHERE ctid IN (SELECT ctid FROM agents.{table} WHERE thread_id = {Text(thread)} ORDER BY random() LIMIT {random.Next(1, 3)})");
        return thread;
    }

    private async Task<string> ChangeMetadataAsync()
    {
        var thread = Any();
        await ExecuteAsync($"UPDATE agents.checkpoints SET metadata = metadata || '{Json(10)}' WHERE ctid IN (SELECT ctid FROM agents.checkpoints WHERE thread_id = {Text(thread)} ORDER BY random() LIMIT 2)");
        return thread;
    }

    private async Task<string> RememberAsync()
    {
        await ExecuteAsync($"INSERT INTO agents.store (prefix, key, value, ttl_minutes) VALUES ('users.{random.Next(3)}', 'k{random.Next(6)}', '{Json(random.Next(4) == 0 ? 9000 : 60)}', 10) ON CONFLICT (prefix, key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()");
        return Memory;
    }

    // A value that is large and not changed is left out of what the server decodes.
    private async Task<string> RefreshAsync()
    {
        await ExecuteAsync("UPDATE agents.store SET expires_at = now() + interval '1 hour'");
        return Memory;
    }

    private async Task<string> ForgetAsync()
    {
        await ExecuteAsync("DELETE FROM agents.store WHERE ctid IN (SELECT ctid FROM agents.store ORDER BY random() LIMIT 1)");
        return Memory;
    }

    // Begun at one time and committed at another: others commit between.
    private async Task<string> LongAsync()
    {
        const string Thread = "long";
        if (open is null)
        {
            open = await source.OpenConnectionAsync();
            await using var begin = new NpgsqlCommand($"BEGIN; INSERT INTO agents.checkpoints VALUES ('{Thread}', '', '1f{++made:D8}', NULL, NULL, '{Checkpoint("long")}', '{Json(50)}'); DELETE FROM agents.checkpoints WHERE thread_id = '{Thread}' AND checkpoint_id < '1f{made - 40:D8}'", open);
            await begin.ExecuteNonQueryAsync();
            return Thread;
        }
        await using (var commit = new NpgsqlCommand(random.Next(4) == 0 ? "ROLLBACK" : "COMMIT", open)) await commit.ExecuteNonQueryAsync();
        await open.DisposeAsync();
        open = null;
        return Thread;
    }

    private string NewThread()
    {
        threads.Add(random.Next(12) == 0 ? $"odd '{made}'\n\\ü" : $"thread-{made}");
        return threads[^1];
    }

    private string Any() => threads[random.Next(Math.Max(0, threads.Count - 12), threads.Count)];

    private string Namespace() => random.Next(5) == 0 ? "'sub:1'" : "''";

    private static string Text(string value) => $"E'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}'";

    private static string Checkpoint(string id) => $$"""{"v": 4, "id": "{{id}}", "channel_values": {"n": 1.50}, "channel_versions": { } }""";

    private string Json(int length) => $$"""{"step": {{random.Next(1000)}}, "n": 1e2, "text": "{{Convert.ToHexStringLower(Random(length))}}"}""";

    private string Bytes() => $"'\\x{Convert.ToHexStringLower(Random(random.Next(5) == 0 ? random.Next(3_000, 40_000) : random.Next(200)))}'";

    private byte[] Random(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

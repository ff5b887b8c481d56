using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Backup.Live;

/// <summary>
/// What one writer commits, commit by commit, as LangGraph's saver does: a checkpoint with the blobs of the channels that changed, then the
/// pending writes of its tasks, and so on; of a thread so many, then the next thread begins and, unless all are kept, the oldest one is deleted. The state after so
/// many commits can be told from their number.
/// </summary>
internal sealed class Conversations(int writer, bool deletes = true)
{
    /// <summary>Commits of a thread.</summary>
    public const int PerThread = 60;

    /// <summary>Threads a writer keeps.</summary>
    public const int Kept = 20;

    private const int MessageBytes = 1000;
    private const int ContextBytes = 1500;
    private static readonly byte[] Text = MakeText();

    public const string Tables = """
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

    /// <summary>Per writer of a schema: rows that carry the number of their commit, the lowest and the highest number, and how many different ones.</summary>
    public static string Summary(string schema) => $"""
        select writer, count(*), min(n), max(n), count(distinct n) from (
          select (metadata ->> 'writer')::int writer, (metadata ->> 'n')::bigint n from {schema}.checkpoints
          union all select split_part(task_id, '-', 1)::int, split_part(task_id, '-', 2)::bigint from {schema}.checkpoint_writes
          union all select split_part(thread_id, '-', 2)::int, version::bigint from {schema}.checkpoint_blobs) rows group by writer
        """;

    /// <summary>Id of the thread a commit is of.</summary>
    public string Thread(long commit) => $"thread-{writer}-{(commit - 1) / PerThread}";

    /// <summary>What <see cref="Summary"/> says after so many commits: the lowest number that is still there, and the rows.</summary>
    public static (long First, long Rows) After(long commits)
    {
        var thread = (commits - 1) / PerThread;
        var first = (Math.Max(0, thread - Kept + 1) * PerThread) + 1;
        return (first, Enumerable.Range(0, (int)(commits - first + 1)).Sum(i => RowsOf(first + i)));
    }

    /// <summary>Bytes of values of a commit.</summary>
    public static long BytesOf(long commit) => IsPut(commit) ? (MessageBytes * Step(commit)) + ContextBytes + 300 : MessageBytes + 200;

    /// <summary>Rows of a commit.</summary>
    public static int RowsOf(long commit) => IsPut(commit) ? 3 : 2;

    /// <summary>One commit. Its first statement returns the position of the server's log at that moment: the commit comes after it.</summary>
    public NpgsqlBatch Commit(NpgsqlConnection connection, long commit)
    {
        var batch = new NpgsqlBatch(connection);
        var (thread, index) = (Thread(commit), (commit - 1) / PerThread);
        batch.BatchCommands.Add(new("select pg_current_wal_insert_lsn()::text"));
        if (deletes && (commit - 1) % PerThread == 0 && index >= Kept)
            foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" }) Add(batch, $"delete from agents.{table} where thread_id = $1", $"thread-{writer}-{index - Kept}");
        if (IsPut(commit)) Put(batch, thread, commit);
        else Writes(batch, thread, commit);
        return batch;
    }

    private static void Put(NpgsqlBatch batch, string thread, long commit)
    {
        const string Blobs = "insert into agents.checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob) values ($1, '', $2, $3, 'json', $4) on conflict do nothing";
        var version = $"{commit:D10}";
        var at = (int)((commit - 1) / PerThread * 50021 % (Text.Length - (MessageBytes * PerThread) - ContextBytes));
        Add(batch, Blobs, thread, "messages", version, Text.AsMemory(at, MessageBytes * Step(commit)));
        Add(batch, Blobs, thread, "context", version, Text.AsMemory((int)(commit * 7919 % (Text.Length - ContextBytes)), ContextBytes));
        Add(batch, """
            insert into agents.checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata) values ($1, '', $2, $3, $4::text::jsonb, $5::text::jsonb)
            on conflict (thread_id, checkpoint_ns, checkpoint_id) do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata
            """, thread, Id(commit), Step(commit) > 1 ? Id(commit - 2) : DBNull.Value,
            $$$"""{"v": 4, "id": "{{{Id(commit)}}}", "channel_values": {}, "channel_versions": {"messages": "{{{version}}}", "context": "{{{version}}}"}, "versions_seen": {"think": {"start": 1} } }""",
            $$"""{"step": {{Step(commit)}}, "source": "loop", "writer": {{WriterOf(thread)}}, "n": {{commit}}}""");
    }

    private static void Writes(NpgsqlBatch batch, string thread, long commit)
    {
        foreach (var (index, channel) in new[] { (0, "messages"), (1, "branch:to:think") })
            Add(batch, """
                insert into agents.checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob) values ($1, '', $2, $3, $4, $5, 'json', $6)
                on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob
                """, thread, Id(commit - 1), $"{WriterOf(thread)}-{commit}", index, channel, Text.AsMemory((int)(commit * 104729 % (Text.Length - MessageBytes)), index == 0 ? MessageBytes : 50));
    }

    private static bool IsPut(long commit) => commit % 2 == 1;

    private static int Step(long commit) => (int)((commit - 1) % PerThread / 2) + 1;

    private static string Id(long commit) => $"1f0a1b2c-{commit / 10000 % 10000:D4}-6{commit / 10 % 1000:D3}-8{commit % 10:D3}-{commit:D12}";

    private static string WriterOf(string thread) => thread.Split('-')[1];

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        batch.BatchCommands.Add(command);
    }

    // About as well compressed as conversations are.
    private static byte[] MakeText()
    {
        var words = Enumerable.Range(0, 4000).Select(i => Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(i)))[..(3 + (i % 7))]).ToArray();
        var (random, text) = (new Random(1), new StringBuilder());
        while (text.Length < 4 << 20) text.Append(words[(int)(random.NextDouble() * random.NextDouble() * words.Length)]).Append(' ');
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}

using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Tests.EndToEnd.Support;
using Backup.Tests.StoreSuite.Support;
using CsCheck;
using Npgsql;
using NpgsqlTypes;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>A feed's changes are what was committed: each record as a capture would give it, each kind of change, nothing else.</summary>
public sealed class FeedTests(DatabaseFixture fixture)
{
    private const string Odd = """
        CREATE TYPE {s}.mood AS ENUM ('calm', 'it''s'); CREATE DOMAIN {s}.yes AS boolean;
        ALTER TABLE {s}.store ADD b boolean, ADD y {s}.yes, ADD c char(8), ADD d inet, ADD e cidr, ADD f timestamptz, ADD g interval, ADD h float8, ADD i numeric, ADD j bytea, ADD k date,
          ADD l boolean[], ADD m {s}.mood, ADD n name, ADD o "char", ADD p varchar(9), ADD q json, ADD r text GENERATED ALWAYS AS (key || '!') STORED;
        """;

    [Fact]
    public async Task Records_are_those_of_a_capture()
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync(true, Tables.PythonMemory, Odd, "ALTER TABLE {s}.checkpoints ADD approved boolean, ADD note text");
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await Support.Samples.Store.SampleAsync(async contents =>
        {
            await store.ExecuteAsync("DELETE FROM {s}.checkpoints; DELETE FROM {s}.checkpoint_blobs; DELETE FROM {s}.checkpoint_writes");
            await store.WriteAsync(contents);
        }, iter: 20, threads: 1);
        await store.ExecuteAsync("""
            UPDATE {s}.checkpoints SET approved = length(thread_id) % 2 = 0, note = thread_id, parent_checkpoint_id = NULL;
            INSERT INTO {s}.store (prefix, key, value, b, y, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q) VALUES
              ('a', '1', '{"x": 1.50}', true, false, 'ab', '10.0.0.1', '10.0.0.0/8', '2026-03-01 12:00+05', '1 day 2 hours -3 seconds', 0.1::float8 + 0.2, 1.500, '\x00ff', '2026-02-03', '{t,f,null}', 'it''s', 'nam', 'x', 'v', '{"b": 1,  "a": 2}'),
              ('a', '2', '"é🧵"', false, true, '', '10.0.0.0/24', '::/0', '-infinity', '-1 mon', 'NaN', 'NaN', '', 'infinity', '{}', 'calm', '', '', '', '[]'),
              ('b.c', '', 'null', null, null, '        ', '::1', '2001:db8::/32', null, null, '-0', '-0.00', null, null, null, null, null, null, null, null);
            INSERT INTO {s}.store_vectors (prefix, key, field_name, embedding) VALUES ('a', '1', '$', '[1,2.5,-3]'), ('a', '2', '', null);
            """);
        await feed.CatchUpAsync();
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), feed.Replay(new()));
        Assert.Equal(["a", "b.c"], (await Contents.ReadAsync(store.Source)).Units.Where(u => u.Kind == UnitKind.Memory).Select(u => u.Id).Order());
    }

    [Theory]
    [InlineData("DEFAULT")]
    [InlineData("FULL")]
    public async Task Inserts_updates_key_changes_and_deletes_come_as_what_they_are(string identity)
    {
        await using var store = await CreateAsync($"ALTER TABLE {{s}}.checkpoint_writes REPLICA IDENTITY {identity}");
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await store.ExecuteAsync("INSERT INTO {s}.checkpoint_writes VALUES ('t', '', 'c', 'k', -4, 'm', NULL, '\\x01', 'p')");
        await store.ExecuteAsync("UPDATE {s}.checkpoint_writes SET blob = '\\x02'");
        await store.ExecuteAsync("UPDATE {s}.checkpoint_writes SET idx = 7");
        await store.ExecuteAsync("UPDATE {s}.checkpoint_writes SET thread_id = 'u', blob = ''");
        await store.ExecuteAsync("DELETE FROM {s}.checkpoint_writes");
        await store.ExecuteAsync("CREATE TABLE {s}.other (id int primary key); INSERT INTO {s}.other VALUES (1)");
        await feed.CatchUpAsync();
        Assert.Equal(
            ["Put t", "Put t replaces", "Delete t, Put t", "Delete t, Put u", "Delete u"],
            feed.Transactions.Select(t => string.Join(", ", t.Changes.Select(c => $"{c.Kind} {c.Unit}{(c.Replaces ? " replaces" : "")}"))));
        Assert.Empty(feed.Replay(new()).Units);
        Assert.All(feed.Transactions, t => Assert.InRange(t.Time, feed.Reached.Time.AddMinutes(-5), feed.Reached.Time));
    }

    [Theory]
    [InlineData("DEFAULT", 1u)]
    [InlineData("FULL", 0u)]
    public async Task What_an_update_leaves_out_because_it_is_large_is_named(string identity, uint missing)
    {
        await using var store = await CreateAsync(Tables.PythonMemory, $"ALTER TABLE {{s}}.store ADD notes text; ALTER TABLE {{s}}.store REPLICA IDENTITY {identity}", Large);
        await using var feed = await FeedUnderTest.OpenAsync(store);
        var before = await Contents.ReadAsync(store.Source);
        await store.ExecuteAsync("UPDATE {s}.store SET expires_at = now()");
        await feed.CatchUpAsync();
        var change = Assert.Single(Assert.Single(feed.Transactions).Changes);
        Assert.Equal((missing, missing == 0 ? 0 : 1, true), (change.Missing, change.MissingExtras.Count, change.Replaces));
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), feed.Replay(before));
    }

    [Fact]
    public async Task Large_fields_of_threads_are_named_by_their_place()
    {
        await using var store = await CreateAsync(Large.Split('\n')[0], """
            INSERT INTO {s}.checkpoints SELECT 't', '', 'c', 'parent', NULL, jsonb_build_object('x', x), jsonb_build_object('y', x) FROM {s}.large;
            INSERT INTO {s}.checkpoint_blobs SELECT 't', '', 'm', '1', 'json', decode(x, 'hex') FROM {s}.large;
            INSERT INTO {s}.checkpoint_writes SELECT 't', '', 'c', 'k', 0, 'm', 'json', decode(x, 'hex'), x FROM {s}.large;
            """);
        await using var feed = await FeedUnderTest.OpenAsync(store);
        var before = await Contents.ReadAsync(store.Source);
        await store.ExecuteAsync("UPDATE {s}.checkpoints SET parent_checkpoint_id = 'other'; UPDATE {s}.checkpoint_blobs SET type = 'x'; UPDATE {s}.checkpoint_writes SET type = 'x'; UPDATE {s}.checkpoints SET metadata = '{}'");
        await feed.CatchUpAsync();
        Assert.Equal([0b11000u, 0b10u, 0b1100u, 0b1000u], Assert.Single(feed.Transactions).Changes.Select(c => c.Missing));
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), feed.Replay(before));
    }

    [Fact]
    public async Task Keys_that_are_stored_apart_are_known()
    {
        // 2,500 characters that do not compress stand apart from their row when that is long.
        await using var store = await CreateAsync("""
            ALTER TABLE {s}.checkpoint_blobs ALTER thread_id SET STORAGE EXTERNAL, ALTER channel SET STORAGE EXTERNAL;
            INSERT INTO {s}.checkpoint_blobs SELECT string_agg(md5(i::text), ''), '', repeat('c', 10), '1', 'json', '\x00' FROM generate_series(1, 75) i
            """);
        await using var feed = await FeedUnderTest.OpenAsync(store);
        var before = await Contents.ReadAsync(store.Source);
        await store.ExecuteAsync("UPDATE {s}.checkpoint_blobs SET blob = '\\x01'");
        await store.ExecuteAsync("DELETE FROM {s}.checkpoint_blobs");
        await feed.CatchUpAsync();
        Assert.Equal([FeedEventKind.Put, FeedEventKind.Delete], feed.Transactions.SelectMany(t => t.Changes).Select(c => c.Kind));
        Assert.True(feed.Transactions[0].Changes[0].Replaces);
        Assert.Empty(feed.Replay(before).Units);
    }

    [Fact]
    public async Task A_truncation_is_a_change()
    {
        await using var store = await CreateAsync(Tables.PythonMemory);
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 2));
        var before = await Contents.ReadAsync(store.Source);
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await store.ExecuteAsync("TRUNCATE {s}.checkpoint_writes, {s}.checkpoint_migrations, {s}.checkpoints");
        await store.ExecuteAsync("TRUNCATE {s}.checkpoint_migrations");
        await store.ExecuteAsync("TRUNCATE {s}.store CASCADE");
        await store.WriteAsync(Support.Samples.Thread(new(), "b", 1));
        await feed.CatchUpAsync();
        Assert.Equal([RecordKind.Checkpoint, RecordKind.PendingWrite], feed.Transactions[0].Changes.Single().Kinds.Order());
        Assert.Equal([RecordKind.StoreItem, RecordKind.StoreVector], feed.Transactions[1].Changes.Single().Kinds.Order());
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), feed.Replay(before));
        Assert.Null(await feed.Feed.CheckAsync(default));
    }

    [Fact]
    public async Task Partitions_come_as_their_table()
    {
        await using var store = await CreateAsync("""
            ALTER TABLE {s}.checkpoint_blobs RENAME TO plain;
            CREATE TABLE {s}.checkpoint_blobs (blob bytea, type text NOT NULL, LIKE {s}.plain INCLUDING DEFAULTS, PRIMARY KEY (thread_id, checkpoint_ns, channel, version)) PARTITION BY HASH (thread_id);
            """.Replace("blob bytea, type text NOT NULL, ", "", StringComparison.Ordinal),
            "CREATE TABLE {s}.p0 (blob bytea, type text NOT NULL, version text NOT NULL, channel text NOT NULL, checkpoint_ns text NOT NULL, thread_id text NOT NULL); ALTER TABLE {s}.checkpoint_blobs ATTACH PARTITION {s}.p0 FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
            "CREATE TABLE {s}.p1 PARTITION OF {s}.checkpoint_blobs FOR VALUES WITH (MODULUS 2, REMAINDER 1)");
        await using var feed = await FeedUnderTest.OpenAsync(store);
        for (var i = 0; i < 8; i++) await store.WriteAsync(Support.Samples.Thread(new(), $"t{i}", 2));
        await store.ExecuteAsync("UPDATE {s}.checkpoint_blobs SET blob = 'new'; UPDATE {s}.checkpoint_blobs SET thread_id = 'u' || thread_id; DELETE FROM {s}.checkpoint_blobs WHERE thread_id = 'ut3'");
        await feed.CatchUpAsync();
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), feed.Replay(new()));
        Assert.Null(await feed.Feed.CheckAsync(default));
        await store.ExecuteAsync("TRUNCATE {s}.p0");
        Assert.Contains("a partition was truncated", await feed.Feed.CheckAsync(default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_others_write_and_we_have_nothing_the_position_goes_on()
    {
        await using var store = await CreateAsync();
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await feed.CatchUpAsync();
        var before = feed.Reached;
        await using var other = await TestPostgres.CreateAsync();
        await other.ExecuteAsync("CREATE TABLE t (x text); INSERT INTO t SELECT md5(i::text) FROM generate_series(1, 50000) i");
        await feed.CatchUpAsync();
        Assert.Empty(feed.Transactions);
        Assert.True(feed.Reached.Position > before.Position + 2_000_000 && feed.Reached.Time > before.Time);
        await feed.Feed.AcknowledgeAsync(feed.Reached.Position, default);
        await feed.CatchUpAsync();
        while (await store.ScalarAsync<NpgsqlLogSequenceNumber>($"SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '{feed.Name}'") < new NpgsqlLogSequenceNumber(feed.Reached.Position))
            await feed.Feed.AcknowledgeAsync(feed.Reached.Position, default);
    }

    [Fact]
    public async Task A_large_transaction_streams()
    {
        const int Rows = 200_000;
        await using var store = await CreateAsync();
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await store.ExecuteAsync($"INSERT INTO {{s}}.checkpoint_blobs SELECT 't' || i % 100, '', 'm', i::text, 'json', decode(repeat(md5(i::text), 32), 'hex') FROM generate_series(1, {Rows}) i");
        var (rows, most, start) = (0, 0L, GC.GetTotalMemory(forceFullCollection: true));
        await foreach (var next in feed.Feed.ReadAsync(default))
        {
            if (next.Kind == FeedEventKind.Put && ++rows % 20_000 == 0) most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - start);
            if (next.Kind == FeedEventKind.Commit) break;
        }
        Assert.Equal(Rows, rows);
        Assert.InRange(most, long.MinValue, 16 << 20);
    }

    private const string Large = """
        CREATE TABLE {s}.large AS SELECT string_agg(md5(i::text), '') AS x FROM generate_series(1, 3000) i;
        INSERT INTO {s}.store (prefix, key, value, notes) SELECT 'p', 'k', to_jsonb(x), x FROM {s}.large;
        """;

    private Task<PostgresUnderTest> CreateAsync(params string[] changes) => new PostgresUnderTest(fixture.Database).SetupAsync(true, changes);
}

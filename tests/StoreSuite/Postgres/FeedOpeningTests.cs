using Backup.Checkpoints.Postgres;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Npgsql;
using NpgsqlTypes;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>Where a feed begins, who has it, and what it says when something lies between.</summary>
public sealed class FeedOpeningTests(DatabaseFixture fixture)
{
    [Fact]
    public async Task It_goes_on_where_it_was()
    {
        await using var store = await CreateAsync();
        await using var feed = await FeedUnderTest.OpenAsync(store);
        Assert.Null(feed.Feed.Gap);
        for (var i = 0; i < 3; i++) await store.WriteAsync(Support.Samples.Thread(new(), $"t{i}", 1));
        await feed.CatchUpAsync();
        var second = feed.Transactions[1].Position;
        await using (var same = await feed.AgainAsync(null))
        {
            Assert.Equal((feed.Feed.From, null), (same.Feed.From, same.Feed.Gap));
            await same.CatchUpAsync();
            Assert.Equal(feed.Transactions.Select(t => t.Position), same.Transactions.Select(t => t.Position));
            await using var later = await same.AgainAsync(second);
            Assert.Equal((second, null), (later.Feed.From, later.Feed.Gap));
            await later.CatchUpAsync();
            Assert.Equal(feed.Transactions.Skip(1).Select(t => t.Position), later.Transactions.Select(t => t.Position));
            Assert.True(await later.Feed.RetainedBytesAsync(default) > 0);
            await later.Feed.AcknowledgeAsync(second, default);
            while (await ConfirmedAsync(store, feed.Name) != second) await later.NextAsync();
            await using var behind = await later.AgainAsync(second - 1);
            Assert.Equal(second, behind.Feed.From);
            Assert.NotNull(behind.Feed.Gap);
            await using var ahead = await behind.AgainAsync(ulong.MaxValue);
            Assert.Equal(second, ahead.Feed.From);
            Assert.Contains("set back", ahead.Feed.Gap, StringComparison.Ordinal);
        }
        Assert.Equal(0, await store.ScalarAsync<long>($"SELECT (SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{feed.Name}') + (SELECT count(*) FROM pg_publication WHERE pubname = '{feed.Name}')"));
        await using var anew = await feed.AgainAsync(feed.Reached.Position);
        Assert.Contains("was not there", anew.Feed.Gap, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_opens_it_ends_the_one_that_had_it()
    {
        await using var store = await CreateAsync();
        await using var first = await FeedUnderTest.OpenAsync(store);
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        await first.CatchUpAsync();
        // More than fits into the pipe to the first, which does not read.
        await store.ExecuteAsync("INSERT INTO {s}.checkpoint_blobs SELECT 'large', '', 'm', i::text, 'json', decode(repeat(md5(i::text), 500), 'hex') FROM generate_series(1, 3000) i; DELETE FROM {s}.checkpoint_blobs WHERE thread_id = 'large'");
        await using var second = await first.AgainAsync(first.Reached.Position);
        await store.WriteAsync(Support.Samples.Thread(new(), "b", 1));
        var error = await Assert.ThrowsAsync<BackupException>(first.CatchUpAsync);
        Assert.True(error.Kind == ErrorKind.Conflict, error.ToString());
        Assert.Contains("another process has taken", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() => first.Feed.AcknowledgeAsync(second.Feed.From + 1, default))).Kind);
        await second.CatchUpAsync();
        Assert.Equal((null, "b"), (second.Feed.Gap, second.Transactions[^1].Changes[0].Unit.Id));
        Assert.Equal([6000, 4], second.Transactions.Select(t => t.Changes.Count));
    }

    [Fact]
    public async Task Of_many_that_open_it_at_once_one_has_it()
    {
        await using var store = await CreateAsync();
        await using var first = await FeedUnderTest.OpenAsync(store);
        await first.CatchUpAsync();
        var opened = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            try
            {
                return await first.AgainAsync(first.Reached.Position);
            }
            catch (BackupException error) when (error.Kind == ErrorKind.Conflict)
            {
                return null;
            }
        }));
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        var seen = 0;
        foreach (var feed in opened.OfType<FeedUnderTest>().Append(first))
            try
            {
                await feed.CatchUpAsync();
                Assert.Equal((null, 1), (feed.Feed.Gap, feed.Transactions.Count));
                seen++;
            }
            catch (BackupException error)
            {
                Assert.True(error.Kind == ErrorKind.Conflict, error.ToString());
            }
        Assert.Equal(1, seen);
        foreach (var feed in opened.OfType<FeedUnderTest>()) await feed.Feed.DisposeAsync();
    }

    [Fact]
    public async Task A_slot_that_was_dropped_is_a_gap()
    {
        await using var store = await CreateAsync();
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await feed.CatchUpAsync();
        await DropSlotAsync(store, feed.Name);
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(feed.CatchUpAsync)).Kind);
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() => feed.Feed.RetainedBytesAsync(default))).Kind);
        await using var again = await feed.AgainAsync(feed.Reached.Position);
        Assert.Contains("slot", again.Feed.Gap, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DROP PUBLICATION {p}; CREATE PUBLICATION {p} FOR TABLE {s}.checkpoints, {s}.checkpoint_blobs, {s}.checkpoint_writes WITH (publish_via_partition_root = true)", "publication")]
    [InlineData("ALTER PUBLICATION {p} DROP TABLE {s}.checkpoints; ALTER PUBLICATION {p} ADD TABLE {s}.checkpoints", "publication of checkpoints")]
    [InlineData("ALTER PUBLICATION {p} SET (publish = 'insert'); ALTER PUBLICATION {p} SET (publish = 'insert, update, delete, truncate')", "publication")]
    [InlineData("ALTER PUBLICATION {p} SET (publish = 'insert')", "publication")]
    [InlineData("CREATE TABLE {s}.copy (LIKE {s}.checkpoints INCLUDING ALL); DROP TABLE {s}.checkpoints; ALTER TABLE {s}.copy RENAME TO checkpoints; ALTER PUBLICATION {p} ADD TABLE {s}.checkpoints", "table checkpoints is not the one it was")]
    [InlineData("DROP TABLE {s}.checkpoint_writes", "checkpoint_writes")]
    [InlineData("ALTER TABLE {s}.checkpoints ADD extra text DEFAULT 'x'", "column extra")]
    [InlineData("ALTER TABLE {s}.checkpoints ALTER metadata TYPE jsonb USING metadata - 'x'", "columns of checkpoints")]
    [InlineData("ALTER TABLE {s}.checkpoint_blobs REPLICA IDENTITY NOTHING", "checkpoint_blobs")]
    [InlineData("CREATE TABLE {s}.store_migrations (v INTEGER PRIMARY KEY); CREATE TABLE {s}.store (prefix text, key text, value jsonb NOT NULL, PRIMARY KEY (prefix, key))", "publication")]
    public async Task What_the_log_does_not_tell_is_noticed(string change, string said)
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        await using var feed = await FeedUnderTest.OpenAsync(store);
        Assert.Null(await feed.Feed.CheckAsync(default));
        await store.ExecuteAsync("VACUUM FULL {s}.checkpoints");
        await store.ExecuteAsync("ANALYZE {s}.checkpoints; CREATE INDEX ON {s}.checkpoints (parent_checkpoint_id); INSERT INTO {s}.checkpoint_migrations VALUES (99)");
        Assert.Null(await feed.Feed.CheckAsync(default));
        await store.ExecuteAsync(change.Replace("{p}", feed.Name, StringComparison.Ordinal));
        Assert.Contains(said, await feed.Feed.CheckAsync(default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_while_there_was_no_publication_are_a_gap()
    {
        await using var store = await CreateAsync();
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await feed.CatchUpAsync();
        var create = $"CREATE PUBLICATION {feed.Name} FOR TABLE {{s}}.checkpoints, {{s}}.checkpoint_blobs, {{s}}.checkpoint_writes";
        await store.ExecuteAsync($"DROP PUBLICATION {feed.Name}");
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        await store.ExecuteAsync(create);
        await store.WriteAsync(Support.Samples.Thread(new(), "b", 1));
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(feed.CatchUpAsync)).Kind);
        await using var again = await feed.AgainAsync(feed.Reached.Position);
        Assert.NotNull(again.Feed.Gap);
        await store.WriteAsync(Support.Samples.Thread(new(), "c", 1));
        await again.CatchUpAsync();
        Assert.Equal("c", Assert.Single(again.Transactions).Changes[0].Unit.Id);
    }

    [Fact]
    public async Task A_publication_that_is_dropped_ends_a_feed_that_waits()
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await store.WriteAsync(Support.Samples.Thread(new(), "b", 1));
        await feed.CatchUpAsync();
        await feed.Feed.AcknowledgeAsync(feed.Reached.Position, default);
        await store.ExecuteAsync($"DROP PUBLICATION {feed.Name}");
        await store.WriteAsync(Support.Samples.Thread(new(), "c", 1));
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<BackupException>(() => feed.CatchUpAsync().WaitAsync(TimeSpan.FromSeconds(30)))).Kind);
    }

    [Fact]
    public async Task After_a_server_was_away_its_old_connections_are_in_nobodys_way()
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await feed.CatchUpAsync();
        Assert.Null(await feed.Feed.CheckAsync(default));
        // Those that wait in the pool, too.
        await store.ExecuteAsync("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> '' AND pid <> pg_backend_pid()");
        await Assert.ThrowsAsync<BackupException>(() => feed.CatchUpAsync().WaitAsync(TimeSpan.FromSeconds(30)));
        await using var again = await feed.AgainAsync(feed.Reached.Position);
        Assert.Null(again.Feed.Gap);
        Assert.Null(await again.Feed.CheckAsync(default));
        await store.WriteAsync(Support.Samples.Thread(new(), "b", 1));
        await again.CatchUpAsync();
    }

    [Theory]
    [InlineData("ALTER TABLE {s}.checkpoints ADD extra text", "extra")]
    [InlineData("ALTER TABLE {s}.checkpoints DROP type", "type")]
    [InlineData("ALTER TABLE {s}.checkpoints ALTER parent_checkpoint_id TYPE varchar(99)", "parent_checkpoint_id")]
    public async Task Rows_of_another_layout_end_it(string change, string said)
    {
        await using var store = await CreateAsync();
        await using var feed = await FeedUnderTest.OpenAsync(store);
        await store.ExecuteAsync(change);
        await store.ExecuteAsync("INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('t', 'c', '{}')");
        var error = await Assert.ThrowsAsync<BackupException>(feed.CatchUpAsync);
        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        // The same rows are not understood by the next one either, unless it begins behind them.
        await using var again = await feed.AgainAsync((ulong)await store.ScalarAsync<NpgsqlLogSequenceNumber>("SELECT pg_current_wal_lsn()"));
        await store.ExecuteAsync("UPDATE {s}.checkpoints SET metadata = '[]'");
        await again.CatchUpAsync();
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), again.Replay(await Contents.ReadAsync(store.Source)));
    }

    [Fact]
    public async Task A_task_path_that_comes_is_no_change()
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync(python: false);
        await using var feed = await FeedUnderTest.OpenAsync(store);
        const string Insert = "INSERT INTO {s}.checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, blob) VALUES ('t', 'c', 'k', {0}, 'm', '')";
        await store.ExecuteAsync(Insert.Replace("{0}", "0", StringComparison.Ordinal));
        await store.ExecuteAsync("ALTER TABLE {s}.checkpoint_writes ADD COLUMN task_path TEXT NOT NULL DEFAULT ''");
        await store.ExecuteAsync(Insert.Replace("{0}", "1", StringComparison.Ordinal));
        await store.ExecuteAsync("UPDATE {s}.checkpoint_writes SET task_path = 'p' WHERE idx = 1; UPDATE {s}.checkpoint_writes SET type = 'json'");
        Assert.Null(await feed.Feed.CheckAsync(default));
        await feed.CatchUpAsync();
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), feed.Replay(new()));
        await using var again = await feed.AgainAsync(feed.Feed.From);
        await again.CatchUpAsync();
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), again.Replay(new()));
    }

    [Theory]
    [InlineData("ALTER TABLE {s}.checkpoint_blobs REPLICA IDENTITY NOTHING", "REPLICA IDENTITY DEFAULT")]
    [InlineData("CREATE UNIQUE INDEX i ON {s}.checkpoint_blobs (version); ALTER TABLE {s}.checkpoint_blobs REPLICA IDENTITY USING INDEX i", "REPLICA IDENTITY DEFAULT")]
    [InlineData("ALTER TABLE {s}.checkpoint_blobs SET UNLOGGED", "SET LOGGED")]
    [InlineData("CREATE TYPE {s}.mood AS ENUM ('a'); CREATE FUNCTION {s}.say({s}.mood) RETURNS text LANGUAGE sql AS 'select ''x'''; CREATE CAST ({s}.mood AS text) WITH FUNCTION {s}.say({s}.mood); ALTER TABLE {s}.checkpoints ADD m {s}.mood", "another type")]
    [InlineData("CREATE TABLE {s}.store_migrations (v INTEGER PRIMARY KEY); CREATE TABLE {s}.store (prefix text, key text, value jsonb, id int PRIMARY KEY)", "setup()")]
    public async Task A_store_that_cannot_be_followed_is_refused(string change, string hint)
    {
        await using var store = await CreateAsync(change);
        var error = await Assert.ThrowsAsync<BackupException>(() => FeedUnderTest.OpenAsync(store));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
        Assert.Equal(0, await store.ScalarAsync<long>("SELECT count(*) FROM pg_publication_tables WHERE schemaname = '{s}'".Replace("{s}", store.Schema, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("Feed")]
    [InlineData("")]
    [InlineData("a-b")]
    [InlineData("a\n")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        await using var store = await CreateAsync();
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<BackupException>(() => FeedUnderTest.OpenAsync(store, name: name))).Kind);
    }

    [Fact]
    public async Task A_role_is_told_what_it_lacks_and_an_administrator_may_do_it()
    {
        await using var store = await CreateAsync();
        var role = $"feed_{Randomness.Token(8)}";
        await store.ExecuteAsync($"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {{s}} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {{s}} TO {role}");
        var connection = new NpgsqlConnectionStringBuilder(store.ConnectionString) { Username = role, Pooling = false }.ConnectionString;
        await using (var source = new PostgresStore(new() { Name = "p", ConnectionString = connection, Schema = store.Schema, ExactCut = true }))
        {
            Assert.Contains("REPLICATION", (await Assert.ThrowsAsync<BackupException>(() => source.OpenFeedAsync(role, null, default))).Hint, StringComparison.Ordinal);
            // A backup can be made all the same, and says that no log can build on it.
            await using (var cut = await source.CutAsync(default))
            {
                Assert.DoesNotContain("positionExact", cut.Description.Identity.Keys);
                Assert.Contains(cut.Description.Warnings, w => w.Contains("no change log can build on it", StringComparison.Ordinal) && w.Contains("REPLICATION", StringComparison.Ordinal));
            }
            await store.ExecuteAsync($"ALTER ROLE {role} REPLICATION");
            await using (var cut = await source.CutAsync(default)) Assert.Equal("true", cut.Description.Identity["positionExact"]);
            var error = await Assert.ThrowsAsync<BackupException>(() => source.OpenFeedAsync(role, null, default));
            Assert.Equal(ErrorKind.Usage, error.Kind);
            await store.ExecuteAsync(error.Hint![(error.Hint!.IndexOf("CREATE PUB", StringComparison.Ordinal))..error.Hint.IndexOf(';', StringComparison.Ordinal)]);
            await using var feed = await source.OpenFeedAsync(role, 1, default);
            Assert.Contains("slot was not there", feed.Gap, StringComparison.Ordinal);
            Assert.Null(await feed.CheckAsync(default));
            await feed.DropAsync(default);
            Assert.True(await store.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = '{role}')"));
        }
        await store.ExecuteAsync($"DROP PUBLICATION {role}; DROP OWNED BY {role}; DROP ROLE {role}");
    }

    [Fact]
    public async Task A_slot_that_is_not_ours_is_left_alone()
    {
        await using var store = await CreateAsync();
        var name = $"feed_{Randomness.Token(8)}";
        await store.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{name}', 'test_decoding')");
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<BackupException>(() => FeedUnderTest.OpenAsync(store, name: name))).Kind);
        await store.ExecuteAsync($"SELECT pg_drop_replication_slot('{name}')");
    }

    private Task<PostgresUnderTest> CreateAsync(params string[] changes) => new PostgresUnderTest(fixture.Database).SetupAsync(true, changes);

    private static async Task<ulong> ConfirmedAsync(PostgresUnderTest store, string name) =>
        (ulong)await store.ScalarAsync<NpgsqlLogSequenceNumber>($"SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '{name}'");

    // The slot's reader is ended first, as an administrator would.
    private static async Task DropSlotAsync(PostgresUnderTest store, string name)
    {
        await store.ScalarAsync<bool>($"SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = '{name}'");
        await store.ExecuteAsync($"SELECT pg_drop_replication_slot('{name}')");
    }
}

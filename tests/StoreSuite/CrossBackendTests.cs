using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.EndToEnd.Support;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using CsCheck;

namespace Backup.Tests.StoreSuite;

/// <summary>What was backed up from a store of one kind comes back in a store of any kind, and from there back again, byte by byte.</summary>
public sealed class CrossBackendTests(DatabaseFixture fixture)
{
    private const string Extra = "ALTER TABLE {s}.checkpoints ADD COLUMN tenant TEXT; ALTER TABLE {s}.checkpoint_writes ADD COLUMN seen INT NOT NULL DEFAULT 7";
    private static readonly string[] Kinds = ["postgres", "memory", "redis", "s3"];

    public static TheoryData<string, string> Pairs => [.. Kinds.SelectMany(from => Kinds.Select(to => (from, to)))];

    [Theory, MemberData(nameof(Pairs))]
    public Task Whole_stores_and_single_threads_with_fulls_and_increments(string from, string to) => Support.Samples.Store.SampleAsync(async contents =>
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var source = await CreateAsync(from);
        await using var target = await CreateAsync(to, empty: true);
        var expected = Support.Samples.Thread(Support.Samples.Thread(contents.Copy().Remove(UnitId.Thread("kept"), UnitId.Thread("goes")), "kept", 12), "goes", 3);
        await source.WriteAsync(expected);
        await RoundAsync(BackupStrategyKind.Full);

        // One thread grows, one goes, one comes and one is another than it was.
        await source.WriteAsync(new Contents().Put(UnitId.Thread("kept"), Support.Samples.Write("c00012", -4, "__resume__", "\"yes\""), Support.Samples.Blob("messages", "13", "\"more\"")));
        await source.DeleteAsync("goes");
        await source.WriteAsync(Support.Samples.Thread(new(), "came", 2));
        await RoundAsync(BackupStrategyKind.Incremental);
        await source.DeleteAsync("came");
        await source.WriteAsync(Support.Samples.Thread(new(), "came", 2, "other"));
        await RoundAsync(BackupStrategyKind.Incremental);
        await RoundAsync(BackupStrategyKind.Differential);

        var one = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", Source = "prod", Target = "t", Threads = ["kept"], NewThreadId = "again" });
        Assert.Equal((1, true), (one.Threads, one.Exact));
        var beside = await Contents.ReadAsync(target.Source);
        Contents.AssertEqual(expected.Copy().Put(UnitId.Thread("again"), expected.Records(UnitId.Thread("kept"))), beside, "beside");

        // And back to where it came from.
        await using var home = await CreateAsync(from, empty: true);
        var back = await TemporaryArchive.BackupAsync(archive, target.Source, "copy");
        await TemporaryArchive.RestoreAsync(archive, home.Target, new() { Archive = "main", BackupId = back.BackupId, Target = "t" });
        Contents.AssertEqual(beside, await Contents.ReadAsync(home.Source), "home");

        async Task RoundAsync(BackupStrategyKind strategy)
        {
            expected = await Contents.ReadAsync(source.Source);
            var backup = await TemporaryArchive.BackupAsync(archive, source.Source, strategy: strategy);
            Assert.Equal(strategy.ToString().ToLowerInvariant(), backup.Strategy);
            var report = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Conflict = ConflictPolicy.Overwrite, Mirror = true });
            Assert.True(report.Exact);
            Contents.AssertEqual(expected, await Contents.ReadAsync(target.Source), $"{strategy}");
            Assert.True((await temporary.VerifyAsync(archive, deep: false, target.Source, backup.BackupId)).Ok);
        }
    }, iter: 1, threads: 1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tables_with_columns_of_their_own_and_long_term_memory_go_to_Redis_and_come_back_as_they_were(bool python)
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var source = await new PostgresUnderTest(fixture.Database).SetupAsync(python, Extra, python ? Tables.PythonMemory : Tables.JsMemory,
            python ? "INSERT INTO {s}.store (prefix, key, value, ttl_minutes) VALUES ('users.ann', 'food', '{\"n\": 1.50}', 5); INSERT INTO {s}.store_vectors VALUES ('users.ann', 'food', 'f', '[1,2.5,-3]')"
            : "INSERT INTO {s}.store (namespace_path, key, value) VALUES ('users:ann', 'food', '[1e5]')",
            "INSERT INTO {s}.checkpoints VALUES ('t', '', 'c1', NULL, NULL, '{\"v\": 4, \"n\": 1.500}', '{}', 'acme'), ('t', '', 'c2', 'c1', 'x', '{}', '{}', NULL)",
            "INSERT INTO {s}.checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, blob) VALUES ('t', 'c2', 'k', -3, '__interrupt__', '\\x00ff')");
        await using var redis = new RedisUnderTest();
        await using var home = (PostgresUnderTest)source.Another();
        var backup = await TemporaryArchive.BackupAsync(archive, source.Source);
        await TemporaryArchive.RestoreAsync(archive, redis.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t" });
        var second = await TemporaryArchive.BackupAsync(archive, redis.Source, "redis");
        Assert.Equal(backup.StateRoot, second.StateRoot);
        await TemporaryArchive.RestoreAsync(archive, home.Target, new() { Archive = "main", BackupId = second.BackupId, Target = "t" });
        foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations", "store", "store_vectors", "store_migrations" })
        {
            var rows = $"SELECT coalesce(string_agg(r::text, E'\n' ORDER BY r::text), '') FROM {{s}}.{table} r";
            Assert.Equal(await source.ScalarAsync<string>(rows), await home.ScalarAsync<string>(rows));
        }
    }

    [Fact]
    public async Task What_PostgreSQL_cannot_hold_is_refused_and_named()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var redis = await new RedisUnderTest().SetupAsync();
        await redis.App.PutItemsAsync("users", [new() { Key = "food", Value = Support.Samples.Utf8("{}") }], []);
        await redis.WriteAsync(Support.Samples.Thread(new(), "t", 1));
        var backup = await TemporaryArchive.BackupAsync(archive, redis.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        var refused = await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t" }));
        Assert.Equal((ErrorKind.Usage, true), (refused.Kind, refused.Message.Contains("no table for a StoreItem of memory namespace users", StringComparison.Ordinal)));
        // JSON that is not spelled as a jsonb is printed would come back otherwise, which is noticed.
        await redis.App.DeleteItemAsync("users", "food", []);
        await redis.WriteAsync(new Contents().Put(UnitId.Thread("t"), Support.Samples.Checkpoint("c9", envelope: "{\"v\":4}")));
        backup = await TemporaryArchive.BackupAsync(archive, redis.Source);
        await using var other = new PostgresUnderTest(fixture.Database);
        Assert.Equal(ErrorKind.Differs, (await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, other.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t" }))).Kind);
    }

    private async Task<StoreUnderTest> CreateAsync(string kind, bool empty = false) => kind switch
    {
        "memory" => new MemoryUnderTest(),
        "s3" => empty ? new S3UnderTest() : await new S3UnderTest().SetupAsync(),
        "redis" => empty ? new RedisUnderTest() : await new RedisUnderTest().SetupAsync(),
        _ => empty ? new PostgresUnderTest(fixture.Database) : await new PostgresUnderTest(fixture.Database).SetupAsync(),
    };
}

using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>What is missing is never taken for deleted unless it was deleted.</summary>
public sealed class WholenessTests
{
    [Fact]
    public async Task A_store_that_is_not_there_or_was_emptied_is_not_found()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Filled());
        var full = await TemporaryArchive.BackupAsync(archive, store.Source);
        await EmptyAsync(store);
        await FailsAsync(ErrorKind.NotFound, "no store of the plain layout", () => TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental));
        await FailsAsync(ErrorKind.NotFound, "no store of the plain layout", () => TemporaryArchive.BackupAsync(archive, store.Source));
        // An app has made it anew: everything is compared, and most of it is gone.
        await store.SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "new", 1));
        var suspect = await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Contains(suspect.Warnings, w => w.StartsWith("suspect: 10 of the 10 threads", StringComparison.Ordinal));
        Assert.Contains(suspect.Warnings, w => w.Contains("the store was made anew", StringComparison.Ordinal));
        var again = await TemporaryArchive.BackupAsync(archive, store.Source, "twin");
        Assert.Empty(again.Warnings);
        await store.DeleteAsync("new");
        Assert.StartsWith($"suspect: backup {again.BackupId} held 1 threads, and 0 are there", Assert.Single((await TemporaryArchive.BackupAsync(archive, store.Source, "twin")).Warnings));
        await store.WriteAsync(Support.Samples.Thread(new(), "new", 1));
        var report = await TemporaryArchive.RestoreAsync(archive, store.Target, new() { Archive = "main", BackupId = full.BackupId, Target = "t" });
        Assert.Equal((10, 1), (report.Threads, report.Untouched));
    }

    [Theory]
    [InlineData("records", "the records of 5 are gone")]
    [InlineData("index", "units in")]
    [InlineData("store", "its description is gone")]
    [InlineData("field", "5 counts 8 records, and 7 were found")]
    [InlineData("foreign", "5 holds a field of")]
    public async Task Keys_that_somebody_removed_or_spoiled_are_an_error_for_fulls_and_increments(string what, string message)
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Filled());
        var good = await TemporaryArchive.BackupAsync(archive, store.Source);
        string p = store.Options.Prefix, records = $"{p}:thread:5";
        await store.App.WriteAsync(UnitId.Thread("5"), []); // touched
        await store.RawAsync(async database => what switch
        {
            "records" => await database.KeyDeleteAsync(records),
            "index" => await database.KeyDeleteAsync($"{p}:threads"),
            "store" => await database.KeyDeleteAsync($"{p}:store"),
            "field" => await database.HashDeleteAsync(records, (await database.HashKeysAsync(records)).First(f => ((byte[])f!)[0] == 1)),
            _ => await database.HashSetAsync(records, (await database.HashKeysAsync(records)).First(f => ((byte[])f!)[0] == 3), "rubbish"),
        });
        if (what is "field" or "foreign") await store.RawAsync(database => database.HashSetAsync(records, "v", 1000));
        // A value that is overwritten without the thread's number is what nobody can see but by comparing.
        foreach (var strategy in new[] { BackupStrategyKind.Full, BackupStrategyKind.Incremental }.Take(what == "foreign" ? 1 : 2))
            await FailsAsync(ErrorKind.Failed, message, () => TemporaryArchive.BackupAsync(archive, store.Source, strategy: strategy));
        Assert.True((await temporary.VerifyAsync(archive, deep: true)).Ok);
        Assert.Equal(10, good.Threads);
    }

    [Fact]
    public async Task Threads_that_expire_are_captured_until_then_and_gone_afterwards()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Filled());
        await store.App.ExpireThreadAsync("3", TimeProvider.System.GetUtcNow().AddHours(1));
        var backup = await TemporaryArchive.BackupAsync(archive, store.Source);
        Assert.Equal((10, 1, 0), (backup.Threads, backup.Expiring, backup.Warnings.Count));
        await using (var cut = await store.Source.CutAsync(default))
        {
            // It goes while it is read: what was read before is what it was then.
            var before = new Contents();
            await cut.CaptureAsync([UnitId.Thread("3")], before, default);
            await store.App.ExpireThreadAsync("3", TimeProvider.System.GetUtcNow().AddHours(-1));
            Assert.Equal(9, (await Contents.ReadAsync(cut)).Units.Count());
            Assert.Single(before.Units);
        }
        var increment = await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Equal((9, 0, 0), (increment.Threads, increment.Expiring, increment.Warnings.Count));
        // Written to again it is a new thread, which does not expire; restored it does.
        await store.WriteAsync(Support.Samples.Thread(new(), "3", 1));
        Assert.Equal(10, (await Contents.ReadAsync(store.Source)).Units.Count());
        await TemporaryArchive.RestoreAsync(archive, store.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Conflict = ConflictPolicy.Overwrite });
        Assert.NotNull(await store.RawAsync(d => d.KeyTimeToLiveAsync($"{store.Options.Prefix}:thread:3")));
    }

    [Fact]
    public async Task A_backup_is_not_of_a_point_before_its_last_thread_was_read()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Filled());
        var first = await TemporaryArchive.BackupAsync(archive, store.Source);
        var second = await TemporaryArchive.BackupAsync(archive, store.Source);
        await using var target = new MemoryUnderTest();
        RestoreRequest request = new() { Archive = "main", Source = "prod", Target = "t" };
        await FailsAsync(ErrorKind.NotFound, "the first backup of 'prod' is true for", () => TemporaryArchive.RestoreAsync(archive, target.Target, request with { At = RecoveryPoint.At(first.CutTime).ToString() }));
        var at = await TemporaryArchive.RestoreAsync(archive, target.Target, request with { At = RecoveryPoint.At(second.CutTime.AddMinutes(1)).ToString() });
        Assert.Equal(second.BackupId, at.BackupId);
    }

    [Fact]
    public async Task A_user_who_may_only_read_below_the_prefix_is_enough_for_a_backup()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(Filled().Put(UnitId.Thread("big"), Enumerable.Range(0, 30).Select(i => Support.Samples.Blob("m", $"{i}", new string('x', 64 << 10))).ToArray()));
        var user = $"u{Randomness.Token(8)}";
        await store.RawAsync(d => d.ExecuteAsync("ACL", "SETUSER", user, "on", ">secret", $"~{store.Options.Prefix}:*", "+@read", "+@connection", "+info", "+time", "+multi", "+exec"));
        await using var reader = new RedisStore(store.Options with { ConnectionString = $"{RedisUnderTest.Server},user={user},password=secret" });
        Assert.Equal(11, (await TemporaryArchive.BackupAsync(archive, reader)).Threads);
        Assert.Empty((await TemporaryArchive.BackupAsync(archive, reader, strategy: BackupStrategyKind.Incremental)).Warnings);
        await FailsAsync(ErrorKind.Usage, "permission is missing", async () => await reader.OpenAsync(await store.IntentAsync(), default));
        await using var closed = await RedisServer.StartAsync("--requirepass", "secret");
        foreach (var login in new[] { "", ",password=wrong", ",user=nobody,password=secret" })
        {
            await using var wrong = new RedisStore(store.Options with { ConnectionString = closed.ConnectionString + login });
            await FailsAsync(ErrorKind.Usage, "refuses the login", () => wrong.CutAsync(default));
        }
        await using var nobody = new RedisStore(store.Options with { ConnectionString = "127.0.0.1:1,connectTimeout=500" });
        await FailsAsync(ErrorKind.Unreachable, "cannot reach", () => nobody.CutAsync(default));
        await using var other = new RedisStore(store.Options with { Writable = false });
        await FailsAsync(ErrorKind.Usage, "not writable", async () => await other.OpenAsync(await store.IntentAsync(), default));
    }

    [Fact]
    public async Task Another_layout_is_refused_by_name()
    {
        await using var store = new RedisUnderTest();
        await store.RawAsync(d => d.HashSetAsync($"{store.Options.Prefix}:store", "layout", "fancy"));
        await FailsAsync(ErrorKind.Usage, "is of layout fancy", () => store.Source.CutAsync(default));
        await FailsAsync(ErrorKind.NotFound, "is of layout fancy", () => store.SetupAsync());
    }

    internal static async Task FailsAsync(ErrorKind kind, string message, Func<Task> work)
    {
        var error = await Assert.ThrowsAnyAsync<BackupException>(work);
        Assert.True(error.Kind == kind && error.Message.Contains(message, StringComparison.Ordinal), $"{error.Kind}: {error.Message}");
    }

    internal static Contents Filled() => Enumerable.Range(0, 10).Aggregate(new Contents(), (all, i) => Support.Samples.Thread(all, $"{i}", 2));

    private static Task<bool> EmptyAsync(RedisUnderTest store) => store.RawAsync(async database =>
    {
        foreach (var key in await store.KeysAsync()) await database.KeyDeleteAsync(key);
        return true;
    });
}

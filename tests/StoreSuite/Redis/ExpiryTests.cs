using Backup.Archive;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Contracts;
using Backup.Engine.Restore;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>Threads that expire keep their time in a backup, and a restore brings none back behind it unless it is told to.</summary>
public sealed class ExpiryTests(RedisDoubleFixture fixture, DatabaseFixture database) : IClassFixture<RedisDoubleFixture>
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
    private static readonly DateTimeOffset Soon = Now.AddHours(1), Later = Now.AddDays(10);

    public static TheoryData<string> Layouts => ["plain", "langgraph-js", "langgraph-python", "langgraph-js-shallow", "langgraph-python-shallow"];

    [Theory, MemberData(nameof(Layouts))]
    public async Task A_time_is_kept_shifted_or_dropped_and_none_is_brought_back_behind_it(string layout)
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync(layout, ("soon", Soon), ("later", Later), ("stays", null));
        var backup = await TemporaryArchive.BackupAsync(archive, store.Source);
        Assert.Equal((3, 2, 0), (backup.Threads, backup.Expiring, backup.Warnings.Count));

        var kept = await RestoreAsync(ExpiryPolicy.Keep, TimeProvider.System);
        Assert.Equal((3, 0, 2, true), (kept.Report.Threads, kept.Report.Expired, kept.Report.Expiring, kept.Report.Exact));
        Assert.Equal((Soon, Later, null), kept.Times);

        var clock = new ClockAt(Now.AddHours(2));
        var behind = await RestoreAsync(ExpiryPolicy.Keep, clock);
        Assert.Equal((2, 1, 1, true), (behind.Report.Threads, behind.Report.Expired, behind.Report.Expiring, behind.Report.Exact));
        Assert.Equal((DateTimeOffset.MinValue, Later, null), behind.Times);

        var passed = clock.GetUtcNow() - backup.CutTime;
        var shifted = await RestoreAsync(ExpiryPolicy.Shift, clock);
        Assert.Equal((3, 0), (shifted.Report.Threads, shifted.Report.Expired));
        Assert.Equal((Millisecond(Soon + passed), Millisecond(Later + passed), null), shifted.Times);

        var dropped = await RestoreAsync(ExpiryPolicy.None, clock);
        Assert.Equal((3, 0, 0), (dropped.Report.Threads, dropped.Report.Expired, dropped.Report.Expiring));
        Assert.Equal((null, null, null), dropped.Times);

        // The state is the same whatever the times are.
        Assert.Equal(backup.StateRoot, (await TemporaryArchive.BackupAsync(archive, dropped.Store.Source, "dropped")).StateRoot);
        // Who names a thread is told that it is gone.
        var named = new RestoreRequest { Archive = "main", BackupId = backup.BackupId, Target = "t", Threads = ["later", "soon"] };
        await using var empty = await StoreAsync(layout);
        var refused = await Assert.ThrowsAsync<BackupException>(() => TemporaryArchive.RestoreAsync(archive, empty.Target, named, clock));
        Assert.Equal((ErrorKind.NotFound, "1 of the threads named have expired since they were captured: 'soon'"), (refused.Kind, refused.Message));
        Assert.Empty((await Contents.ReadAsync(empty.Source)).Units);

        async Task<(RestoreReport Report, (DateTimeOffset?, DateTimeOffset?, DateTimeOffset?) Times, StoreUnderTest Store)> RestoreAsync(ExpiryPolicy policy, TimeProvider time)
        {
            var target = await StoreAsync(layout);
            var report = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Expiry = policy, Online = policy == ExpiryPolicy.Shift }, time);
            return (report, (await TimeAsync(target, "soon"), await TimeAsync(target, "later"), await TimeAsync(target, "stays")), target);
        }
    }

    [Theory, MemberData(nameof(Layouts))]
    public async Task A_time_that_was_set_anew_changes_no_thread_and_reaches_a_target_that_has_it(string layout)
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync(layout, ("a", Soon), ("b", Soon), ("c", Later), ("d", null), ("e", Soon));
        await using var target = await StoreAsync(layout);
        var first = await TemporaryArchive.BackupAsync(archive, store.Source);
        await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = first.BackupId, Target = "t", Mirror = true, Conflict = ConflictPolicy.Earlier });
        await ExpireAsync(store, "a", Later);
        await ExpireAsync(store, "b", null);
        await ExpireAsync(store, "c", Soon);
        await ExpireAsync(store, "d", Later);
        var second = await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Equal(("incremental", first.StateRoot, 4), (second.Strategy, second.StateRoot, second.Expiring));
        Assert.Empty(Directory.GetFiles(Path.Combine(temporary.Path, "runs", second.BackupId), "*.seg"));

        // As a migration does: what changed since is nothing. A thread never goes earlier for it.
        var round = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = second.BackupId, Target = "t", Mirror = true, Conflict = ConflictPolicy.Earlier, Since = first.BackupId });
        Assert.Equal((0, 0), (round.Threads, round.Records));
        Assert.Equal([Later, null, Later, null, Soon], await TimesAsync(target, "a", "b", "c", "d", "e"));
        // And as a restore over what is there, in place and online.
        foreach (var online in new[] { false, true })
        {
            foreach (var id in new[] { "a", "b" }) await ExpireAsync(target, id, Soon.AddMinutes(-1));
            var again = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = second.BackupId, Target = "t", Online = online });
            Assert.Equal((5, 0), (again.Unchanged, again.Records));
            Assert.Equal([Later, null, Later, null, Soon], await TimesAsync(target, "a", "b", "c", "d", "e"));
        }
    }

    [Theory, MemberData(nameof(Layouts))]
    public async Task One_that_expires_while_it_is_captured_does_not_come_back_and_is_no_difference(string layout)
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync(layout, ("goes", Soon), ("stays", null));
        await using (var cut = await store.Source.CutAsync(default))
        {
            await Contents.ReadAsync(cut);
            await ExpireAsync(store, "goes", Now.AddHours(-1));
            var named = await cut.Expiries(default)!.ToListAsync();
            Assert.Equal((1, UnitId.Thread("goes")), (named.Count, named[0].Unit));
            Assert.InRange(named[0].At!.Value, Now.AddHours(-1), Soon);
        }
        await using var other = await StoreAsync(layout, ("goes", Soon), ("stays", null));
        var backup = await TemporaryArchive.BackupAsync(archive, other.Source);
        await ExpireAsync(other, "goes", Now.AddHours(-1));
        Assert.Equal(2, (await Contents.ReadAsync(other.Source)).Units.Count() + 1);
        Assert.True((await temporary.VerifyAsync(archive, deep: true, other.Source, backup.BackupId, new ClockAt(Now.AddHours(2)))).Ok);
        Assert.Contains("it is in the backup but not in the store", Assert.Single((await temporary.VerifyAsync(archive, deep: false, other.Source, backup.BackupId)).Differences).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_can_expire_it_is_said_how_many_do_not()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync("plain", ("soon", Soon), ("stays", null));
        await TemporaryArchive.BackupAsync(archive, store.Source);
        await using var target = new MemoryUnderTest();
        var report = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", Source = "prod", Target = "t" });
        Assert.Equal("1 of the threads restored expire, and 't' has no place for that: there they stay until they are deleted", Assert.Single(report.Warnings));
        Assert.Equal((2, 0), (report.Threads, report.Expiring));
        Assert.Null((await TemporaryArchive.BackupAsync(archive, target.Source, "copy")).Expiring);
    }

    public static TheoryData<string, ExpiryPolicy> Targets => [.. from target in new[] { "postgres", "s3", "plain", "langgraph-js" } from policy in Enum.GetValues<ExpiryPolicy>() select new TheoryDataRow<string, ExpiryPolicy>(target, policy)];

    [Theory, MemberData(nameof(Targets))]
    public async Task A_dry_run_says_of_expiry_what_the_restore_does(string target, ExpiryPolicy policy)
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync(target == "langgraph-js" ? target : "plain", ("gone", Soon), ("later", Later), ("other", Later), ("same", Later), ("stays", null));
        var backup = await TemporaryArchive.BackupAsync(archive, store.Source);
        await using StoreUnderTest into = target switch { "postgres" => new PostgresUnderTest(database.Database), "s3" => new S3UnderTest(), _ => await StoreAsync(target) };
        var (clock, stay) = (new ClockAt(Now.AddHours(2)), target is "postgres" or "s3");
        await TemporaryArchive.RestoreAsync(archive, into.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Threads = ["same"] }, clock);

        var request = new RestoreRequest { Archive = "main", BackupId = backup.BackupId, Target = "t", Expiry = policy };
        var plan = await new RestoreRun(archive, into.Target, request, clock).PlanAsync(default);
        var report = await TemporaryArchive.RestoreAsync(archive, into.Target, request, clock);
        Assert.Equal((report.Expired, report.Expiring, report.Unchanged, report.Untouched), (plan.Expired, plan.Expiring, plan.Unchanged, plan.Untouched));
        Assert.Equal(report.Dropped, plan.Dropped);
        Assert.Equal(report.Warnings, plan.Warnings);
        // Of those written: the one that is there already was told of when it came.
        var times = policy switch { ExpiryPolicy.Keep => 2, ExpiryPolicy.Shift => 3, _ => 0 };
        Assert.Equal((policy == ExpiryPolicy.Keep ? 1 : 0, 1, stay ? 0 : times), (plan.Expired, plan.Unchanged, plan.Expiring));
        Assert.Equal(stay && times > 0 ? [new() { Of = "thread", What = "expiry", Count = times }] : [], plan.Dropped);
        Assert.Equal(stay && times > 0 ? [$"{times} of the threads restored expire, and 't' has no place for that: there they stay until they are deleted"] : [], plan.Warnings);
    }

    private async Task<StoreUnderTest> StoreAsync(string layout, params (string Thread, DateTimeOffset? At)[] threads)
    {
        StoreUnderTest store = layout == "plain" ? await new RedisUnderTest().SetupAsync() : await new RedisSaverUnderTest(fixture, layout switch
        {
            "langgraph-js" => RedisLayout.LangGraphJs, "langgraph-python" => RedisLayout.LangGraphPython, "langgraph-js-shallow" => RedisLayout.LangGraphJsShallow, _ => RedisLayout.LangGraphPythonShallow,
        }).SetupAsync();
        foreach (var (thread, at) in threads)
        {
            await store.WriteAsync(Support.Samples.Thread(new(), thread, 2, history: !layout.EndsWith("shallow", StringComparison.Ordinal)));
            if (at is not null) await ExpireAsync(store, thread, at);
        }
        return store;
    }

    private static async Task ExpireAsync(StoreUnderTest store, string thread, DateTimeOffset? at)
    {
        if (store is RedisUnderTest plain) await plain.App.ExpireThreadAsync(thread, at);
        else
        {
            await ((RedisSaverUnderTest)store).RawAsync(async database =>
            {
                // An older checkpoint goes earlier, as with the saver.
                foreach (var key in await KeysAsync(store, thread)) await (at is { } time ? database.ExecuteAsync("PEXPIREAT", (RedisKey)key, time.ToUnixTimeMilliseconds() - (key.EndsWith("c00001", StringComparison.Ordinal) ? 1000 : 0)) : database.ExecuteAsync("PERSIST", (RedisKey)key));
                return true;
            });
        }
    }

    private static async Task<IReadOnlyList<DateTimeOffset?>> TimesAsync(StoreUnderTest store, params string[] threads)
    {
        var times = new List<DateTimeOffset?>();
        foreach (var thread in threads) times.Add(await TimeAsync(store, thread));
        return times;
    }

    // The one time all keys of a thread have; null for never, the least time for a thread that is not there.
    private static async Task<DateTimeOffset?> TimeAsync(StoreUnderTest store, string thread)
    {
        var keys = await KeysAsync(store, thread);
        if (keys.Count == 0) return DateTimeOffset.MinValue;
        async Task<bool> AskAsync(IDatabase database, HashSet<long> found)
        {
            foreach (var key in keys) found.Add((long)await database.ExecuteAsync("PEXPIRETIME", (RedisKey)key));
            return true;
        }
        var times = new HashSet<long>();
        if (store is RedisSaverUnderTest js) await js.RawAsync(database => AskAsync(database, times));
        else
        {
            var plain = (RedisUnderTest)store;
            await plain.RawAsync(database => AskAsync(database, times));
            times.Add((long?)await plain.RawAsync(database => database.SortedSetScoreAsync($"{plain.Options.Prefix}:expiry", thread)) ?? -1);
        }
        // The thread's last checkpoint tells; a restore gives all keys of it the same.
        return times.Max() is var at and >= 0 ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
    }

    private static async Task<IReadOnlyList<string>> KeysAsync(StoreUnderTest store, string thread) => store is RedisSaverUnderTest js
        ? [.. (await js.KeysAsync()).Keys.Where(k => k.Split(':')[1] == thread)]
        : [.. (await ((RedisUnderTest)store).KeysAsync()).Where(k => k.EndsWith($":{thread}", StringComparison.Ordinal) && (k.Contains(":thread:", StringComparison.Ordinal) || k.Contains(":thread-order:", StringComparison.Ordinal)))];

    private static DateTimeOffset Millisecond(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}

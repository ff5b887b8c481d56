using System.Collections.Concurrent;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Redis;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;

namespace Backup.Tests.StoreSuite.S3;

/// <summary>A server that throttles, cuts answers off or loses them: exact, or an error that says so, and afterwards the same command again.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task Throttled_cut_off_and_unanswered_now_and_then_everything_is_exact()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        await using var proxy = new FaultyProxy((_, _) => { lock (random) return random.Next(100) switch { < 6 => Fault.SlowDown, < 10 => Fault.CutAnswer, < 14 => Fault.LoseAnswer, _ => Fault.None }; });
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new S3UnderTest(proxy.Address, new HastyTime()).SetupAsync();
        var contents = WholenessTests.Filled().Put(UnitId.Thread("big"), Support.Samples.Checkpoint("c1"), Support.Samples.Blob("m", "1", new string('x', 5 << 20)));
        await store.WriteAsync(contents);
        await TemporaryArchive.BackupAsync(archive, store.Source);
        await store.DeleteAsync("3");
        await store.WriteAsync(new Contents().Put(UnitId.Thread("4"), Support.Samples.Write("c00002", 9, "m", "1")));
        contents.Remove(UnitId.Thread("3")).Put(UnitId.Thread("4"), Support.Samples.Write("c00002", 9, "m", "1"));
        var backup = await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental);
        await using var target = new S3UnderTest(proxy.Address, new HastyTime());
        var report = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t" });
        Assert.True(report.Exact, $"seed {seed}");
        Assert.True(proxy.Faults > 10, $"seed {seed}: {proxy.Faults} faults");
        await using var direct = target.Direct();
        Contents.AssertEqual(contents, await Contents.ReadAsync(direct), $"seed {seed}");
    }

    [Theory]
    [InlineData("GET", "/log/")]
    [InlineData("PUT", "/log/")]
    [InlineData("PUT", "/stage/")]
    public async Task Throttled_for_ever_it_is_an_error_and_with_an_end_of_that_the_same_command_is_exact(string method, string path)
    {
        var (throttles, refused) = (false, new ConcurrentBag<string>());
        await using var proxy = new FaultyProxy((m, p) =>
        {
            if (!throttles || m != method || !Uri.UnescapeDataString(p).Contains(path, StringComparison.Ordinal)) return Fault.None;
            refused.Add(p);
            // A few get through.
            return refused.Count % 10 == 1 && method == "PUT" ? Fault.None : Fault.SlowDown;
        });
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        var backup = await TemporaryArchive.BackupAsync(archive, store.Source);
        await using var target = await new S3UnderTest(proxy.Address, new HastyTime()).SetupAsync();
        await target.WriteAsync(Support.Samples.Thread(Support.Samples.Thread(new(), "0", 1), "stays", 1));
        throttles = true;
        RestoreRequest restore = new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Conflict = ConflictPolicy.Overwrite };
        await WholenessTests.FailsAsync(ErrorKind.Unreachable, "SlowDown (503)", () => TemporaryArchive.RestoreAsync(archive, target.Target, restore));
        throttles = false;
        await target.ForgetMarksAsync();
        var report = await TemporaryArchive.RestoreAsync(archive, target.Target, restore);
        Assert.True(report.Exact);
        Contents.AssertEqual(Support.Samples.Thread(WholenessTests.Filled(), "stays", 1), await Contents.ReadAsync(target.Source));
        Assert.DoesNotContain(await target.KeysAsync(), k => k.StartsWith("stage/", StringComparison.Ordinal) || k.StartsWith("publishing/", StringComparison.Ordinal) || k.StartsWith("store/restore", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restore_that_died_while_it_put_threads_in_place_is_finished_by_the_next()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var source = await new S3UnderTest().SetupAsync();
        await source.WriteAsync(WholenessTests.Filled().Put(UnitId.Thread("big"), Enumerable.Range(0, 3).Select(i => Support.Samples.Blob("m", $"{i}", new string('x', 3 << 20))).ToArray()));
        var expected = await Contents.ReadAsync(source.Source);
        var backup = await TemporaryArchive.BackupAsync(archive, source.Source);
        var published = 0;
        await using var proxy = new FaultyProxy((m, p) => m == "PUT" && p.Contains("/log/", StringComparison.Ordinal) && Interlocked.Increment(ref published) > 4 ? Fault.SlowDown : Fault.None);
        await using var target = await new S3UnderTest(proxy.Address, new HastyTime()).SetupAsync();
        await WholenessTests.FailsAsync(ErrorKind.Unreachable, "cannot reach", () => TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t" }));
        await target.ForgetMarksAsync();
        await using var direct = target.Direct();
        var half = await Contents.ReadAsync(direct);
        Assert.InRange(half.Units.Count(), 1, 10);
        Contents.AssertEqual(expected.Only(half.Units), half, "what is there is whole");
        var report = await TemporaryArchive.RestoreAsync(archive, direct, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Conflict = ConflictPolicy.Overwrite });
        Assert.True(report.Exact);
        Contents.AssertEqual(expected, await Contents.ReadAsync(direct));
    }

    [Fact]
    public async Task A_later_owner_of_a_run_takes_the_store_over_and_the_one_before_changes_nothing_more()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        var intent = await store.IntentAsync();
        await using var first = await store.Target.OpenAsync(intent with { Owner = new("run", 1) }, default);
        await StoreUnderTest.LoadAsync(first, Support.Samples.Thread(new(), "5", 1, "of the first"), UnitId.Thread("5"));
        await WholenessTests.FailsAsync(ErrorKind.Conflict, "is being restored", () => store.WriteAsync(Support.Samples.Thread(new(), "x", 1)));
        await WholenessTests.FailsAsync(ErrorKind.Conflict, "is being restored", () => store.Source.CutAsync(default));
        await using (var second = await store.Target.OpenAsync(intent with { Owner = new("run", 2) }, default))
        {
            await WholenessTests.FailsAsync(ErrorKind.Conflict, "taken over", async () => await store.Target.OpenAsync(intent with { Owner = new("run", 1) }, default));
            await WholenessTests.FailsAsync(ErrorKind.Conflict, "was taken over", () => first.CommitAsync(default));
            await StoreUnderTest.LoadAsync(second, Support.Samples.Thread(new(), "5", 1, "of the second"), UnitId.Thread("5"));
            await second.CommitAsync(default);
        }
        Contents.AssertEqual(Support.Samples.Thread(new(), "5", 1, "of the second"), (await Contents.ReadAsync(store.Source)).Only(UnitId.Thread("5")));
    }

    [Fact]
    public async Task A_thread_that_an_app_changed_past_the_mark_is_not_written_over()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        await using (var session = await store.Target.OpenAsync(await store.IntentAsync(), default))
        {
            await StoreUnderTest.LoadAsync(session, Support.Samples.Thread(new(), "5", 1, "restored"), UnitId.Thread("5"));
            await store.ForgetMarksAsync();
            await store.WriteAsync(new Contents().Put(UnitId.Thread("5"), Support.Samples.Blob("late", "1", "1")));
            await WholenessTests.FailsAsync(ErrorKind.Conflict, "taken over, or was silent", () => session.CommitAsync(default));
        }
        Contents.AssertEqual(WholenessTests.Filled().Put(UnitId.Thread("5"), Support.Samples.Blob("late", "1", "1")), await Contents.ReadAsync(store.Source));
        await using (var online = await store.Target.OpenAsync(await store.IntentAsync(online: true), default))
        {
            await using var loader = await online.OpenLoaderAsync(default);
            await loader.BeginAsync(UnitId.Thread("5"), true, default);
            await store.WriteAsync(new Contents().Put(UnitId.Thread("5"), Support.Samples.Blob("later", "1", "1")));
            foreach (var record in Support.Samples.Thread(new(), "5", 1).Records(UnitId.Thread("5"))) await loader.WriteAsync(record, default);
            await WholenessTests.FailsAsync(ErrorKind.Conflict, "another writer changed 5", async () =>
            {
                await loader.EndAsync(default);
                await loader.CompleteAsync(default);
            });
        }
        Contents.AssertEqual(WholenessTests.Filled().Put(UnitId.Thread("5"), Support.Samples.Blob("late", "1", "1"), Support.Samples.Blob("later", "1", "1")), await Contents.ReadAsync(store.Source));
    }
}

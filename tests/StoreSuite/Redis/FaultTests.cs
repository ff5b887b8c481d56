using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>A server that dies, loses its data, loads, drops keys or has no memory: an error that says so, and afterwards the same command again.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task Killed_in_the_middle_of_a_capture_it_is_an_error_and_the_next_is_exact_and_compares_everything()
    {
        await using var server = await RedisServer.StartAsync();
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisUnderTest(server.ConnectionString).SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        await TemporaryArchive.BackupAsync(archive, store.Source);
        foreach (var comesBack in new[] { false, true })
        {
            await using var cut = await store.Source.CutAsync(default);
            var sink = new HookedSink(1, async () =>
            {
                server.Kill();
                if (comesBack) await server.StartAsync();
            });
            var error = await Assert.ThrowsAsync<BackupException>(async () =>
            {
                foreach (var shard in await cut.PlanAsync(4, default)) await cut.CaptureAsync(shard, sink, default);
            });
            Assert.Equal(ErrorKind.Unreachable, error.Kind);
            if (!comesBack) await server.StartAsync();
            Contents.AssertEqual(WholenessTests.Filled(), await ReadAgainAsync(store));
        }
        var compared = await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Contains("every thread was compared with the base: the server was started again", Assert.Single(compared.Warnings));
        Assert.Equal(10, compared.Threads);
        Assert.Empty((await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental)).Warnings);
    }

    [Fact]
    public async Task Emptied_in_the_middle_of_a_capture_nothing_counts_as_deleted()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await new RedisUnderTest(server.ConnectionString).SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        foreach (var refilled in new[] { false, true })
        {
            await using var cut = await store.Source.CutAsync(default);
            var shards = await cut.PlanAsync(4, default);
            var sink = new HookedSink(1, async () =>
            {
                await server.RunAsync("FLUSHALL");
                if (!refilled) return;
                await store.SetupAsync();
                await store.WriteAsync(WholenessTests.Filled());
            });
            await WholenessTests.FailsAsync(ErrorKind.Unreachable, "emptied or made anew", async () =>
            {
                foreach (var shard in shards) await cut.CaptureAsync(shard, sink, default);
            });
            if (refilled) continue;
            await store.SetupAsync();
            await store.WriteAsync(WholenessTests.Filled());
        }
    }

    [Fact]
    public async Task While_it_loads_nothing_is_read()
    {
        await using var server = await RedisServer.StartAsync("--appendonly", "no");
        await using var store = await new RedisUnderTest(server.ConnectionString).SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        await server.RunAsync("SAVE");
        server.Kill();
        await server.StartAsync(answers: false, "--key-load-delay", "300000", "--loading-process-events-interval-bytes", "1024");
        await using var reader = new RedisStore(store.Options);
        var error = await Assert.ThrowsAsync<BackupException>(() => reader.CutAsync(default));
        Assert.Equal(ErrorKind.Unreachable, error.Kind);
    }

    [Fact]
    public async Task One_that_drops_keys_under_pressure_is_refused()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        await using var store = await new RedisUnderTest(server.ConnectionString).SetupAsync();
        await WholenessTests.FailsAsync(ErrorKind.Usage, "drops keys when memory is short (maxmemory-policy allkeys-lru)", () => store.Source.CutAsync(default));
        await server.RunAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        Assert.Empty((await Contents.ReadAsync(store.Source)).Units);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restore_that_does_not_fit_leaves_the_target_as_it_was_and_succeeds_with_more_memory(bool online)
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var source = await new RedisUnderTest().SetupAsync();
        var large = Enumerable.Range(0, 8).Aggregate(new Contents(), (all, i) => all.Put(UnitId.Thread($"{i}"), Support.Samples.Checkpoint("c1"), Support.Samples.Blob("m", "1", new string('x', 1 << 20))));
        await source.WriteAsync(large);
        var backup = await TemporaryArchive.BackupAsync(archive, source.Source);
        await using var target = await new RedisUnderTest(server.ConnectionString).SetupAsync();
        var before = Support.Samples.Thread(Support.Samples.Thread(new(), "0", 2), "stays", 2);
        await target.WriteAsync(before);
        await server.RunAsync("CONFIG", "SET", "maxmemory", "6mb");
        RestoreRequest request = new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Conflict = ConflictPolicy.Overwrite, Online = online };
        await WholenessTests.FailsAsync(ErrorKind.Failed, "no memory left", () => TemporaryArchive.RestoreAsync(archive, target.Target, request));
        var now = await Contents.ReadAsync(target.Source);
        if (!online) Contents.AssertEqual(before, now);
        else foreach (var unit in now.Units) Contents.AssertEqual((large.Units.Contains(unit) && now.Records(unit).Count() == 2 ? large : before).Only(unit), now.Only(unit));
        await server.RunAsync("CONFIG", "SET", "maxmemory", "0");
        var report = await TemporaryArchive.RestoreAsync(archive, target.Target, request);
        Assert.True(report.Exact);
        Contents.AssertEqual(large.Copy().Put(UnitId.Thread("stays"), before.Records(UnitId.Thread("stays"))), await Contents.ReadAsync(target.Source));
        // Nothing is left beside the store.
        Assert.DoesNotContain(await target.KeysAsync(), k => k.Contains(":stage", StringComparison.Ordinal) || k.EndsWith(":restore", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Killed_in_the_middle_of_a_restore_the_store_is_as_before_and_the_next_clears_and_succeeds()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await new RedisUnderTest(server.ConnectionString).SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        var intent = await store.IntentAsync();
        var session = await store.Target.OpenAsync(intent, default);
        var replacement = Support.Samples.Thread(new(), "5", 1, "new");
        await StoreUnderTest.LoadAsync(session, replacement, UnitId.Thread("5"));
        server.Kill();
        Assert.Equal(ErrorKind.Unreachable, (await Assert.ThrowsAsync<BackupException>(() => session.CommitAsync(default))).Kind);
        await session.DisposeAsync();
        await server.StartAsync();
        // Until the mark of the one that died is gone the store is kept for it.
        await server.RunAsync("DEL", $"{store.Options.Prefix}:restore");
        Contents.AssertEqual(WholenessTests.Filled(), await ReadAgainAsync(store));
        Assert.Contains(await store.KeysAsync(), k => k.Contains(":stage:", StringComparison.Ordinal));
        await StoreUnderTest.RestoreAsync(store.Target, intent, replacement, UnitId.Thread("5"));
        Contents.AssertEqual(WholenessTests.Filled().Remove(UnitId.Thread("5")).Put(UnitId.Thread("5"), replacement.Records(UnitId.Thread("5"))), await Contents.ReadAsync(store.Source));
        Assert.DoesNotContain(await store.KeysAsync(), k => k.Contains(":stage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_later_owner_of_a_run_takes_the_store_over_and_the_one_before_changes_nothing_more()
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        await store.WriteAsync(WholenessTests.Filled());
        var intent = await store.IntentAsync();
        await using var first = await store.Target.OpenAsync(intent with { Owner = new("run", 1) }, default);
        await StoreUnderTest.LoadAsync(first, Support.Samples.Thread(new(), "5", 1, "of the first"), UnitId.Thread("5"));
        await using (var second = await store.Target.OpenAsync(intent with { Owner = new("run", 2) }, default))
        {
            await WholenessTests.FailsAsync(ErrorKind.Conflict, "taken over", async () => await store.Target.OpenAsync(intent with { Owner = new("run", 1) }, default));
            await WholenessTests.FailsAsync(ErrorKind.Conflict, "was taken over", () => first.CommitAsync(default));
            await StoreUnderTest.LoadAsync(second, Support.Samples.Thread(new(), "5", 1, "of the second"), UnitId.Thread("5"));
            await second.CommitAsync(default);
        }
        Contents.AssertEqual(Support.Samples.Thread(new(), "5", 1, "of the second"), (await Contents.ReadAsync(store.Source)).Only(UnitId.Thread("5")));
    }

    // The driver may need a moment to see that the server is back.
    private static async Task<Contents> ReadAgainAsync(RedisUnderTest store)
    {
        while (true)
        {
            try
            {
                return await Contents.ReadAsync(store.Source);
            }
            catch (BackupException error) when (error.Kind == ErrorKind.Unreachable)
            {
                await Task.Yield();
            }
        }
    }
}

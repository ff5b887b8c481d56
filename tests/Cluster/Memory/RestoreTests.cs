using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Memory;

/// <summary>Backup, loss and restore of a store that three silos hold.</summary>
public sealed class RestoreTests
{
    [Fact]
    public async Task A_store_comes_back_whole_then_one_thread_beside_it()
    {
        await using var own = await MemoryCluster.StartAsync();
        var before = await FillAsync(own, "live", 60);
        var backup = await own.BackupAsync("live", silo: 1);
        Assert.Equal((60, 0), (backup.Threads, backup.Warnings.Count));
        foreach (var id in before.Keys) await own.Thread("live", id).DeleteAsync();
        Assert.Equal(0, own.Silos.Sum(s => own.Units(s, "live").Count));

        var report = await own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live" }, silo: 2);
        Assert.Equal((60, true), (report.Threads, report.Exact));
        Assert.Equal((report.Records, 132, 75, 0), (report.Written.Total(), report.Written.Checkpoints, report.Written.Writes, report.Dropped.Count));
        Assert.All(own.Silos, s => Assert.InRange(own.Units(s, "live").Count, 5, 40));
        foreach (var (id, text) in before) Assert.Equal(text, await own.Thread("live", id).DumpAsync());
        Assert.True((await own.VerifyAsync(backup.BackupId, "live")).Ok);

        // The threads go on, and a whole restore over them is a conflict that changes nothing.
        await own.Thread("live", "t7").PutAsync("c99", "c2", version: "99");
        await own.Thread("live", "extra").PutAsync("c1");
        Assert.Equal(2, (await own.VerifyAsync(backup.BackupId, "live", silo: 1)).Differences.Count);
        var conflict = await Assert.ThrowsAsync<BackupException>(() => own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live" }));
        Assert.Equal(ErrorKind.Conflict, conflict.Kind);
        Assert.Equal("c99", (await own.Thread("live", "t7").GetAsync("", null))!.CheckpointId);

        var one = await own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live", Threads = ["t7"], NewThreadId = "t7 of then" }, silo: 1);
        Assert.Equal((1, 61, true), (one.Threads, one.Untouched, one.Exact));
        Assert.Equal(before["t7"], await own.Thread("live", "t7 of then").DumpAsync());
        Assert.Equal("c99", (await own.Thread("live", "t7").GetAsync("", null))!.CheckpointId);

        var mirrored = await own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live", Conflict = ConflictPolicy.Overwrite, Mirror = true });
        Assert.Equal((60, 2, true), (mirrored.Threads, mirrored.Removed, mirrored.Exact));
        Assert.True((await own.VerifyAsync(backup.BackupId, "live", silo: 2)).Ok);
        Assert.Null(await own.Thread("live", "extra").GetAsync("", null));
        await own.Thread("live", "extra").PutAsync("c1"); // removed on purpose, so it may begin anew
    }

    [Fact]
    public async Task While_a_store_is_restored_nobody_else_changes_it_and_a_restore_whose_silo_dies_is_undone()
    {
        await using var own = await MemoryCluster.StartAsync(timings: new() { RestoreLease = TimeSpan.FromSeconds(3), Agree = TimeSpan.FromSeconds(1) });
        var before = await FillAsync(own, "live", 30);
        var backup = await own.BackupAsync("live");
        var survivors = own.Silos.Skip(1).ToList();
        var kept = before.Where(b => survivors.Any(s => own.Units(s, "live").Find(UnitId.Thread(b.Key)) is not null)).ToList();

        // The coordinator's silo dies in the middle: units are put, nothing is final.
        var target = await own.Service<ICheckpointStores>(0).OpenTargetAsync("live", default);
        var session = await target.OpenAsync(new() { SourceKind = "memory", Layout = "{}" }, default);
        await session.RemoveAsync([UnitId.Thread(kept[0].Key)], default);
        var fresh = Enumerable.Range(0, 12).Select(i => $"brand new {i}").ToList();
        var loader = await session.OpenLoaderAsync(default);
        foreach (var id in fresh.Prepend(kept[1].Key)) await LoadAsync(loader, id);
        await loader.CompleteAsync(default);
        Assert.Equal("put back", Assert.Single((await own.Thread("live", kept[1].Key).GetAsync("", null))!.Values).Value.Text());
        Assert.Contains("being restored", (await Assert.ThrowsAsync<BackupException>(() => own.Thread("live", kept[2].Key).PutAsync("c5"))).Message);
        Assert.Contains("being restored", (await Assert.ThrowsAsync<BackupException>(() => own.BackupAsync("live", silo: 1))).Message);
        Assert.Contains("being restored", (await Assert.ThrowsAsync<BackupException>(() => own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live" }, silo: 2))).Message);
        await own.KillAsync(own.Silos[0]);

        await Until.TrueAsync("writers are let in", async () =>
        {
            try
            {
                foreach (var (id, _) in kept) await own.Thread("live", id).WriteAsync("c1", "task0", ("messages", "there already"));
                return true;
            }
            catch (Exception error) when (error is BackupException { Kind: ErrorKind.Conflict or ErrorKind.Unreachable } or OrleansException)
            {
                return false;
            }
        });
        foreach (var (id, text) in kept) Assert.Equal(text, await own.Thread("live", id).DumpAsync());
        Assert.All(survivors, s => Assert.DoesNotContain(own.Units(s, "live").Current.Keys, u => fresh.Contains(u.Id)));

        // What was put on silos that live is forgotten; of the dead silo's units nothing is said to be deleted.
        var warning = Assert.Single((await own.BackupAsync("live")).Warnings);
        Assert.StartsWith("suspect: ", warning);
        var again = await own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live" }, silo: 1);
        Assert.Equal((30, true), (again.Threads, again.Exact));
        foreach (var (id, text) in before) Assert.Equal(text, await own.Thread("live", id).DumpAsync());
    }

    [Fact]
    public async Task A_restore_that_does_not_fit_is_refused_and_undone()
    {
        await using var own = await MemoryCluster.StartAsync(silos: 1, limit: 1);
        for (var i = 0; i < 3; i++) await own.Thread("live", $"t{i}").PutAsync("c1", value: new string('x', 300_000));
        var backup = await own.BackupAsync("live");
        await own.Thread("other", "here").PutAsync("c1", value: new string('x', 300_000));
        var error = await Assert.ThrowsAsync<BackupException>(() => own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "other" }));
        Assert.Contains("no room in the memory store", error.Message);
        Assert.Contains("MemoryLimitMB", error.Hint);
        var layout = await Assert.ThrowsAsync<BackupException>(() => own.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "other", Layout = "python-9" }));
        Assert.Equal((ErrorKind.Usage, true), (layout.Kind, layout.Message.Contains("'other' has none", StringComparison.Ordinal)));
        Assert.Equal(["here"], own.Units(own.Silos[0], "other").Current.Keys.Select(u => u.Id));
        Assert.Null(await own.Thread("other", "t0").GetAsync("", null));

        var full = await Assert.ThrowsAsync<BackupException>(() => own.Thread("live", "t9").PutAsync("c1", value: new string('x', 300_000)));
        Assert.Contains("no room in the memory store", full.Message);
        Assert.Null(await own.Thread("live", "t9").GetAsync("", null));
    }

    private static async Task LoadAsync(ITargetLoader loader, string id)
    {
        var content = MemoryUnit.Empty.Put(new() { Namespace = "", CheckpointId = "c1", Envelope = """{"v": 4, "channel_versions": {"m": 1}}"""u8.ToArray(), Metadata = "{}"u8.ToArray() },
            [new() { Namespace = "", Channel = "m", Version = "1", Type = "json", Value = "put back"u8.ToArray() }]);
        await loader.BeginAsync(UnitId.Thread(id), replace: true, default);
        foreach (var (key, record) in content.Records) await loader.WriteAsync(new(record, key.Length), default);
        await loader.EndAsync(default);
    }

    internal static async Task<SortedDictionary<string, string>> FillAsync(MemoryCluster cluster, string store, int threads)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, threads), async (i, _) =>
        {
            var thread = cluster.Thread(store, $"t{i}");
            await thread.PutAsync("c1", value: $"first of {i}");
            await thread.WriteAsync("c1", "task0", ("messages", $"write {i}"));
            await thread.PutAsync("c2", "c1", value: $"second of {i}", version: "2");
            if (i % 4 == 0) await thread.WriteAsync("c2", "task1", ("__interrupt__", "approve?"));
            if (i % 5 == 0) await thread.PutAsync("s1", ns: "sub:1", value: $"inside {i}");
        });
        var dumps = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < threads; i++) dumps[$"t{i}"] = await cluster.Thread(store, $"t{i}").DumpAsync();
        return dumps;
    }
}

using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Catalog;

namespace Backup.Tests.Cluster.Memory;

/// <summary>A silo that is lost takes its threads with it: lost, which is not deleted.</summary>
public sealed class LossTests
{
    [Fact]
    public async Task What_a_lost_silo_held_is_lost_until_it_is_restored_or_deleted()
    {
        await using var cluster = await MemoryCluster.StartAsync();
        var before = await RestoreTests.FillAsync(cluster, "live", 60);
        var backup = await cluster.BackupAsync("live");
        var victim = cluster.Silos[2];
        var lost = cluster.Units(victim, "live").Current.Keys.Select(u => u.Id).ToList();
        Assert.InRange(lost.Count, 5, 40);
        await cluster.KillAsync(victim);

        foreach (var (id, text) in before)
        {
            if (!lost.Contains(id))
            {
                Assert.Equal(text, await cluster.Thread("live", id).DumpAsync());
                continue;
            }
            var read = await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("live", id).GetAsync("", null));
            Assert.Contains("was lost with silo", read.Message);
            Assert.Contains("not deleted", read.Hint);
            await Assert.ThrowsAsync<BackupException>(() => cluster.Thread("live", id).PutAsync("c9"));
        }

        // A backup says so, and `show` does.
        var suspect = await cluster.BackupAsync("live", silo: 1);
        Assert.Equal(60 - lost.Count, suspect.Threads);
        var warning = Assert.Single(suspect.Warnings);
        Assert.StartsWith($"suspect: {lost.Count} threads were lost with their silo", warning);
        Assert.Contains(lost.Order(StringComparer.Ordinal).First(), warning);
        var shown = await cluster.Service<ArchiveQueries>(0).ShowAsync("main", suspect.BackupId, default);
        Assert.Equal(suspect.Warnings, shown.Warnings);

        // One is given up, one comes back alone, the rest with the whole store.
        await cluster.Thread("live", lost[0]).DeleteAsync();
        Assert.Null(await cluster.Thread("live", lost[0]).GetAsync("", null));
        await cluster.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live", Threads = [lost[1]] });
        Assert.Equal(before[lost[1]], await cluster.Thread("live", lost[1]).DumpAsync());
        Assert.StartsWith($"suspect: {lost.Count - 2} threads", Assert.Single((await cluster.BackupAsync("live")).Warnings));
        var report = await cluster.RestoreAsync(new() { Archive = "main", BackupId = backup.BackupId, Target = "live" }, silo: 1);
        Assert.Equal((60, true, 60 - lost.Count + 1), (report.Threads, report.Exact, report.Unchanged));
        foreach (var (id, text) in before) Assert.Equal(text, await cluster.Thread("live", id).DumpAsync());
        Assert.Empty((await cluster.BackupAsync("live")).Warnings);
        Assert.True((await cluster.VerifyAsync(backup.BackupId, "live")).Ok);
    }

    [Fact]
    public async Task A_part_of_a_cut_that_dies_makes_the_cut_lost()
    {
        await using var cluster = await MemoryCluster.StartAsync();
        await RestoreTests.FillAsync(cluster, "live", 30);
        await using var cut = await cluster.CutAsync("live");
        var shards = await cut.PlanAsync(6, default);
        var victim = cluster.Silos[1];
        await cluster.KillAsync(victim);
        var sink = new Backup.Engine.Units.DigestSink();
        await Assert.ThrowsAsync<Checkpoints.Stores.CutLostException>(async () =>
        {
            foreach (var shard in shards) await cut.CaptureAsync(shard, sink, default);
        });
        await using var next = await cluster.CutAsync("live");
        Assert.StartsWith("suspect: ", Assert.Single(next.Description.Warnings));
    }

    [Fact]
    public async Task Data_outlives_the_activation_that_wrote_it()
    {
        await using var cluster = await MemoryCluster.StartAsync(silos: 2);
        var before = await RestoreTests.FillAsync(cluster, "live", 20);
        var management = cluster.Grains.GetGrain<IManagementGrain>(0);
        await management.ForceActivationCollection(TimeSpan.Zero);
        // A new silo changes who keeps the entries of grains, and who would be chosen for a new thread.
        await cluster.JoinAsync();
        foreach (var (id, text) in before)
        {
            Assert.Equal(text, await cluster.Thread("live", id).DumpAsync());
            await cluster.Thread("live", id).PutAsync("c9", version: "9");
        }
        Assert.Equal(20, cluster.Silos.Take(2).Sum(s => cluster.Units(s, "live").Count));
        await using var cut = await cluster.CutAsync("live", 2);
        Assert.Empty(cut.Description.Warnings);
        Assert.Equal(20, cut.Description.UnitsEstimate);
    }
}

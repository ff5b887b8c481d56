using Backup.Abstractions;
using Backup.Contracts;
using Backup.Tests.Cluster.Support;
using Orleans.TestingHost;

namespace Backup.Tests.Cluster.Runs;

/// <summary>Three silos, one of them killed in the middle of a backup and of a restore: the run ends on the others by itself.</summary>
public sealed class SiloLossTests
{
    private const int Threads = 600;

    [Fact]
    public async Task The_silo_of_a_coordinator_is_killed()
    {
        await using var cluster = await RunCluster.StartAsync(threads: Threads);
        var backup = await HeldBackupAsync(cluster);
        await cluster.KillAsync(cluster.Owner(backup));
        cluster.Hold.Release();
        // Nobody watches it: its reminder alone brings it back.
        await cluster.RemindAsync(cluster.Backup(backup));
        await Until.TrueAsync("the backup is sealed", async () => (await cluster.BackupsAsync()).Count > 0);
        var ended = await EndAsync(cluster.Backup(backup));
        await AssertBackupAsync(cluster, ended);
        Assert.Equal((2, true), (ended.Epoch, ended.Owner != backup.Owner));

        await cluster.JoinAsync();
        var restore = await HeldRestoreAsync(cluster, ended.RunId);
        await cluster.KillAsync(cluster.Owner(restore));
        cluster.Hold.Release();
        var restored = await EndAsync(cluster.Restore(restore));
        await AssertRestoredAsync(cluster, ended.RunId, restored);
        Assert.Equal((2, true), (restored.Epoch, restored.Owner != restore.Owner));
    }

    [Fact]
    public async Task The_silo_of_a_coordinator_leaves()
    {
        await using var cluster = await RunCluster.StartAsync(threads: Threads);
        var backup = await HeldBackupAsync(cluster);
        await cluster.StopAsync(cluster.Owner(backup));
        cluster.Hold.Release();
        await cluster.RemindAsync(cluster.Backup(backup));
        await Until.TrueAsync("the backup is sealed", async () => (await cluster.BackupsAsync()).Count > 0);
        var ended = await EndAsync(cluster.Backup(backup));
        await AssertBackupAsync(cluster, ended);
        Assert.Equal((2, true), (ended.Epoch, ended.Owner != backup.Owner));
    }

    [Fact]
    public async Task The_silo_of_a_worker_is_killed()
    {
        await using var cluster = await RunCluster.StartAsync(threads: Threads);
        var backup = await HeldBackupAsync(cluster);
        await cluster.KillAsync((await cluster.AtWorkAsync(backup)).First(s => s.Name != backup.Owner));
        cluster.Hold.Release();
        var ended = await EndAsync(cluster.Backup(backup));
        await AssertBackupAsync(cluster, ended);
        Assert.Equal((1, backup.Owner), (ended.Epoch, ended.Owner));

        // A restore works on one silo: the loss of another, which may hold its manager, does not touch it.
        await cluster.JoinAsync();
        var restore = await HeldRestoreAsync(cluster, ended.RunId);
        await cluster.KillAsync(cluster.Silos.First(s => s.Name != restore.Owner));
        cluster.Hold.Release();
        var restored = await EndAsync(cluster.Restore(restore));
        await AssertRestoredAsync(cluster, ended.RunId, restored);
        Assert.Equal((1, restore.Owner), (restored.Epoch, restored.Owner));
    }

    // Three shards are done, and the slot of each silo has another one that it has read and not said to be done.
    private static async Task<RunStatus> HeldBackupAsync(RunCluster cluster)
    {
        cluster.Hold.Arm("commit .done", pass: 3);
        var run = await cluster.Backups.StartAsync(new() { Source = "prod", Archive = "main" });
        await Until.TrueAsync("every silo is at work", () => Task.FromResult(cluster.Hold.Waiting.Count == 3));
        run = await cluster.Backup(run).StatusAsync();
        Assert.Equal((RunState.Capturing, 3), (run.State, (await cluster.AtWorkAsync(run)).Count));
        Assert.Empty(await cluster.BackupsAsync());
        // Every silo holds the cut, and a coordinator that comes after this one knows it.
        await Until.TrueAsync("the cut is written", async () =>
            await cluster.StateAsync("SELECT jsonb_array_length(convert_from(payloadbinary, 'UTF8')::jsonb -> 'Cut' -> 'Tokens') FROM grainstate WHERE statename = 'backup-run'") is 3);
        return run;
    }

    // Six pieces of the archive were read, and the loaders wait for more.
    private static async Task<RunStatus> HeldRestoreAsync(RunCluster cluster, string backup)
    {
        cluster.Hold.Arm("read .seg", pass: 6);
        var run = await cluster.Restores.StartAsync(new() { BackupId = backup, Archive = "main", Target = "copy" });
        await Until.TrueAsync("the restore is in the middle", () => Task.FromResult(cluster.Hold.Waiting.Count == 1));
        run = await cluster.Restore(run).StatusAsync();
        Assert.Equal([run.Owner!], cluster.Hold.Waiting);
        Assert.Equal((RunState.Loading, true), (run.State, run.Threads is > 0 and < Threads));
        return run;
    }

    private static async Task<RunStatus> EndAsync(IRunGrain run)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        RunStatus? last = null;
        await foreach (var status in run.WatchAsync(TimeProvider.System, deadline.Token)) last = status;
        Assert.True(last!.State == RunState.Done, $"{last.State}: {last.Error}");
        return last;
    }

    private static async Task AssertBackupAsync(RunCluster cluster, RunStatus ended)
    {
        var backup = Assert.Single(await cluster.BackupsAsync());
        Assert.Equal((ended.RunId, Threads), (backup.BackupId, backup.Threads));
        Assert.Empty(backup.Warnings); // the cut outlived the silo, and so did the shards that were done
        Assert.Empty((await cluster.VerifyAsync()).Findings);
        var compared = await cluster.VerifyAsync(backup.BackupId, "prod");
        Assert.True(compared.Ok, string.Join('\n', compared.Differences.Select(d => d.Problem)));
        await cluster.Store.AssertLetGoAsync();
    }

    private static async Task AssertRestoredAsync(RunCluster cluster, string backup, RunStatus ended)
    {
        Assert.Equal((true, Threads), (ended.Restore!.Exact, ended.Restore.Threads));
        await cluster.Store.AssertSameAsync("copy");
        Assert.True((await cluster.VerifyAsync(backup, "copy")).Ok);
        await cluster.Store.AssertLetGoAsync();
        Assert.Single(await cluster.BackupsAsync());
    }
}

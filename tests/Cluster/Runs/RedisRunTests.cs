using Backup.Abstractions;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Contracts;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Runs;

/// <summary>Runs of a store in Redis, whose shards are captured by several silos and whose cut nobody holds.</summary>
public sealed class RedisRunTests
{
    [Fact]
    public async Task A_backup_whose_coordinator_is_killed_ends_on_another_silo_and_goes_to_PostgreSQL_and_back()
    {
        await using var cluster = await RunCluster.StartAsync(threads: 1);
        await using var app = new PlainCheckpointer(cluster.Redis);
        await app.SetupAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), async (i, _) =>
        {
            await app.PutAsync($"t{i}", new() { Namespace = "", CheckpointId = "c1", Envelope = """{"v": 4, "channel_versions": {"m": 1}}"""u8.ToArray(), Metadata = "{}"u8.ToArray() },
                [new() { Namespace = "", Channel = "m", Version = "1", Type = "json", Value = "1"u8.ToArray() }]);
            await app.PutWritesAsync($"t{i}", "", "c1", "task", "", [("__interrupt__", "json", "[]"u8.ToArray())]);
        });

        var later = TimeProvider.System.GetUtcNow().AddDays(1);
        await app.ExpireThreadAsync("t9", later);

        cluster.Hold.Arm("commit .done", pass: 3);
        var held = await cluster.Grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source("redis")).StartAsync(new() { Source = "redis", Archive = "main" });
        await Until.TrueAsync("every silo is at work", () => Task.FromResult(cluster.Hold.Waiting.Count == 3));
        await Until.TrueAsync("the cut is written", async () =>
            await cluster.StateAsync("SELECT jsonb_array_length(convert_from(payloadbinary, 'UTF8')::jsonb -> 'Cut' -> 'Tokens') FROM grainstate WHERE statename = 'backup-run'") is > 0);
        await cluster.KillAsync(cluster.Owner(await cluster.Backup(held).StatusAsync()));
        cluster.Hold.Release();
        await cluster.RemindAsync(cluster.Backup(held));
        var ended = await EndAsync(cluster.Backup(held));
        Assert.Equal((RunState.Done, 2, 200, 0, 1), (ended.State, ended.Epoch, ended.Backup!.Threads, ended.Backup.Warnings.Count, ended.Backup.Expiring));
        Assert.True((await cluster.VerifyAsync(ended.RunId, "redis")).Ok);

        await app.DeleteThreadAsync("t7");
        var increment = await RunAsync(cluster, BackupStrategyKind.Incremental);
        Assert.Equal(199, increment.Backup!.Threads);
        var restored = await RestoreAsync(cluster, increment.RunId, "copy");
        Assert.Equal((199, true), (restored.Restore!.Threads, restored.Restore.Exact));
        Assert.Contains("1 of the threads restored expire", Assert.Single(restored.Restore.Warnings), StringComparison.Ordinal);
        foreach (var i in Enumerable.Range(0, 200).Where(i => i % 3 == 0)) await app.DeleteThreadAsync($"t{i}");
        var back = await RestoreAsync(cluster, ended.RunId, "redis");
        Assert.Equal((200, true, 1), (back.Restore!.Threads, back.Restore.Exact, back.Restore.Expiring));
        Assert.NotNull(await app.GetAsync("t7", "", null));
    }

    private static async Task<RunStatus> RunAsync(RunCluster cluster, BackupStrategyKind strategy) =>
        await EndAsync(cluster.Backup(await cluster.Grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source("redis")).StartAsync(new() { Source = "redis", Archive = "main", Strategy = strategy })));

    private static async Task<RunStatus> RestoreAsync(RunCluster cluster, string backup, string target) =>
        await EndAsync(cluster.Restore(await cluster.Grains.GetGrain<IRestoreManagerGrain>(GrainKeys.Target(target)).StartAsync(new() { Archive = "main", BackupId = backup, Target = target })));

    private static async Task<RunStatus> EndAsync(IRunGrain run)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        RunStatus? last = null;
        await foreach (var status in run.WatchAsync(TimeProvider.System, deadline.Token)) last = status;
        Assert.True(last!.State == RunState.Done, $"{last.State}: {last.Error}");
        return last;
    }
}

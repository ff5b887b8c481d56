using Amazon.Runtime;
using Amazon.S3;
using Backup.Abstractions;
using Backup.Checkpoints.S3;
using Backup.Contracts;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Runs;

/// <summary>Runs of a store in S3, whose shards are captured by several silos and whose cut nobody holds.</summary>
public sealed class S3RunTests
{
    [Fact]
    public async Task A_backup_whose_coordinator_is_killed_ends_on_another_silo_and_goes_to_PostgreSQL_and_back()
    {
        await using var cluster = await RunCluster.StartAsync(threads: 1);
        using (var s3 = new AmazonS3Client(new BasicAWSCredentials(cluster.S3.AccessKey, cluster.S3.SecretKey), new AmazonS3Config { ServiceURL = cluster.S3.Endpoint!.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1" }))
            await s3.PutBucketAsync(cluster.S3.Bucket);
        using var app = new S3Checkpointer(cluster.S3);
        await app.SetupAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await app.PutAsync($"t{i}", new() { Namespace = "", CheckpointId = "c1", Envelope = """{"v": 4, "channel_versions": {"m": 1}}"""u8.ToArray(), Metadata = "{}"u8.ToArray() },
                [new() { Namespace = "", Channel = "m", Version = "1", Type = "json", Value = "1"u8.ToArray() }]));

        cluster.Hold.Arm("commit .done", pass: 2);
        var held = await cluster.Grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source("s3")).StartAsync(new() { Source = "s3", Archive = "main" });
        await Until.TrueAsync("a shard waits", () => Task.FromResult(cluster.Hold.Waiting.Count > 0));
        await Until.TrueAsync("the cut is written", async () =>
            await cluster.StateAsync("SELECT jsonb_array_length(convert_from(payloadbinary, 'UTF8')::jsonb -> 'Cut' -> 'Tokens') FROM grainstate WHERE statename = 'backup-run'") is > 0);
        await cluster.KillAsync(cluster.Owner(await cluster.Backup(held).StatusAsync()));
        cluster.Hold.Release();
        await cluster.RemindAsync(cluster.Backup(held));
        var ended = await EndAsync(cluster.Backup(held));
        Assert.Equal((RunState.Done, 2, 200, 0), (ended.State, ended.Epoch, ended.Backup!.Threads, ended.Backup.Warnings.Count));
        Assert.True((await cluster.VerifyAsync(ended.RunId, "s3")).Ok);

        await app.DeleteThreadAsync("t7");
        var increment = await EndAsync(cluster.Backup(await cluster.Grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source("s3")).StartAsync(new() { Source = "s3", Archive = "main", Strategy = BackupStrategyKind.Incremental })));
        Assert.Equal((199, 0), (increment.Backup!.Threads, increment.Backup.Warnings.Count));
        var restored = await RestoreAsync(cluster, increment.RunId, "copy");
        Assert.Equal((199, true), (restored.Restore!.Threads, restored.Restore.Exact));
        foreach (var i in Enumerable.Range(0, 200).Where(i => i % 9 == 0)) await app.DeleteThreadAsync($"t{i}");
        var back = await RestoreAsync(cluster, ended.RunId, "s3");
        Assert.Equal((200, true), (back.Restore!.Threads, back.Restore.Exact));
        Assert.NotNull(await app.GetAsync("t7", "", null));
    }

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

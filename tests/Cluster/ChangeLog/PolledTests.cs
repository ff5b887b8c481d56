using Amazon.Runtime;
using Amazon.S3;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.S3;
using Backup.Contracts;
using Backup.Hosting.Configuration;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.ChangeLog;

/// <summary>A store that keeps no log of its own is backed up at short intervals in its place.</summary>
public sealed class PolledTests
{
    private static readonly SourceLogOptions EverySecond = new() { Enabled = true, PollSeconds = 1 };

    [Fact]
    public async Task Redis_is_polled_and_goes_back_to_any_of_those_moments()
    {
        var prefix = $"polled-{Randomness.Token(6)}";
        await using var app = new PlainCheckpointer(new() { Name = "prod", ConnectionString = Servers.Redis, Prefix = prefix });
        await app.SetupAsync();
        await GoesBackAsync(new() { Kind = SourceOptions.Redis, ConnectionString = Servers.Redis, Layout = "plain", Prefix = prefix, Log = EverySecond },
            (thread, checkpoint) => app.PutAsync(thread, checkpoint, []), thread => app.DeleteThreadAsync(thread));
    }

    [Fact]
    public async Task S3_is_polled_and_goes_back_to_any_of_those_moments()
    {
        var keys = Servers.S3.UserInfo.Split(':');
        S3StoreOptions store = new() { Name = "prod", Bucket = "polled", Prefix = $"test/{Randomness.Token(8)}", Endpoint = new($"http://{Servers.S3.Authority}"), AccessKey = keys[0], SecretKey = keys[1] };
        using (var s3 = new AmazonS3Client(new BasicAWSCredentials(keys[0], keys[1]), new AmazonS3Config { ServiceURL = store.Endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1" }))
            await s3.PutBucketAsync(store.Bucket);
        using var app = new S3Checkpointer(store);
        await app.SetupAsync();
        await GoesBackAsync(new() { Kind = SourceOptions.S3, Bucket = store.Bucket, Prefix = store.Prefix, Endpoint = store.Endpoint, AccessKey = keys[0], SecretKey = keys[1], Log = EverySecond },
            (thread, checkpoint) => app.PutAsync(thread, checkpoint, []), thread => app.DeleteThreadAsync(thread));
    }

    private static async Task GoesBackAsync(SourceOptions source, Func<string, Checkpoint, Task> put, Func<string, Task> delete)
    {
        await PutAsync("first");
        await using var cluster = await LogCluster.StartAsync(source);
        // A backup of such a store is a point from when it was read on, which is known to the second in S3; a later one begins after that.
        await PolledAsync(DateTimeOffset.MinValue);
        var before = await PolledAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
        await PutAsync("second");
        await PolledAsync(TimeProvider.System.GetUtcNow());
        Assert.True(await cluster.NewestHoldsAsync("second"));
        await delete("first");
        await PolledAsync(TimeProvider.System.GetUtcNow());
        Assert.False(await cluster.NewestHoldsAsync("first"));
        Assert.True(await cluster.HeldByBackupAsync("first", before));
        Assert.False(await cluster.HeldByBackupAsync("second", before));
        Assert.Contains($"kind {source.Kind}", (await cluster.Log.StatusAsync()).Trouble);

        Task PutAsync(string thread) => put(thread, new() { Namespace = "", CheckpointId = "c1", Envelope = """{"v": 4, "channel_versions": {}}"""u8.ToArray(), Metadata = "{}"u8.ToArray() });

        // A backup that was begun after that moment; returns what it is true for.
        async Task<DateTimeOffset> PolledAsync(DateTimeOffset after)
        {
            await cluster.UntilAsync("it is polled", s => s.State == LogState.Polling && s.LastPolled > after);
            return (await cluster.Log.StatusAsync()).LastPolled!.Value;
        }
    }
}

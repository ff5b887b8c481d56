using Backup.Checkpoints.Redis;
using Backup.Contracts;
using Backup.Hosting.Configuration;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.ChangeLog;

/// <summary>A store that keeps no log of its own is backed up at short intervals in its place.</summary>
public sealed class PolledTests
{
    [Fact]
    public async Task Redis_is_polled_and_goes_back_to_any_of_those_moments()
    {
        var prefix = $"polled-{Randomness.Token(6)}";
        await using var app = new PlainCheckpointer(new() { Name = "prod", ConnectionString = Servers.Redis, Prefix = prefix });
        await app.SetupAsync();
        await PutAsync("first");
        await using var cluster = await LogCluster.StartAsync(new SourceOptions { Kind = SourceOptions.Redis, ConnectionString = Servers.Redis, Layout = SourceOptions.PlainLayout, Prefix = prefix, Log = new() { Enabled = true, PollSeconds = 1 } });
        // A backup of Redis is a point from when it was read on; the second begins after that.
        await PolledAsync(DateTimeOffset.MinValue);
        var before = await PolledAsync(TimeProvider.System.GetUtcNow());
        await PutAsync("second");
        await PolledAsync(TimeProvider.System.GetUtcNow());
        Assert.True(await cluster.NewestHoldsAsync("second"));
        await app.DeleteThreadAsync("first");
        await PolledAsync(TimeProvider.System.GetUtcNow());
        Assert.False(await cluster.NewestHoldsAsync("first"));
        Assert.True(await cluster.HeldByBackupAsync("first", before));
        Assert.False(await cluster.HeldByBackupAsync("second", before));
        Assert.Contains("kind redis", (await cluster.Log.StatusAsync()).Trouble);

        Task PutAsync(string thread) => app.PutAsync(thread, new() { Namespace = "", CheckpointId = "c1", Envelope = """{"v": 4, "channel_versions": {}}"""u8.ToArray(), Metadata = "{}"u8.ToArray() }, []);

        // A backup that was begun after that moment; returns what it is true for.
        async Task<DateTimeOffset> PolledAsync(DateTimeOffset after)
        {
            await cluster.UntilAsync("it is polled", s => s.State == LogState.Polling && s.LastPolled > after);
            return (await cluster.Log.StatusAsync()).LastPolled!.Value;
        }
    }
}

using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>A primary and its replica that a Sentinel watches: who is the primary is asked of it, and another primary is noticed.</summary>
public sealed class SentinelTests
{
    [Fact]
    public async Task After_a_fail_over_the_new_primary_is_read_and_everything_is_compared()
    {
        await using var primary = await RedisServer.StartAsync("--repl-diskless-sync-delay", "0");
        await using var replica = await RedisServer.StartAsync("--repl-diskless-sync-delay", "0", "--replicaof", $"127.0.0.1 {primary.Port}");
        await using var sentinel = await RedisServer.SentinelAsync(primary);
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = new RedisUnderTest($"{sentinel.ConnectionString},serviceName={RedisServer.Watched}");
        await AgainAsync(store.SetupAsync);
        await store.WriteAsync(WholenessTests.Filled());
        var full = await TemporaryArchive.BackupAsync(archive, store.Source);
        Assert.Empty((await TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental)).Warnings);

        // The replica has everything before it takes over: what would be lost with an asynchronous one is not what is tested.
        await primary.RunAsync("WAIT", 1, 0);
        await using (var cut = await store.Source.CutAsync(default))
        {
            var shards = await cut.PlanAsync(4, default);
            await WholenessTests.FailsAsync(ErrorKind.Unreachable, "", async () =>
            {
                var sink = new HookedSink(1, async () =>
                {
                    await sentinel.RunAsync("SENTINEL", "FAILOVER", RedisServer.Watched);
                    while (!((string)(await replica.AskAsync("INFO", "replication"))!).Contains("role:master", StringComparison.Ordinal) || !((string)(await primary.AskAsync("INFO", "replication"))!).Contains("role:slave", StringComparison.Ordinal))
                        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
                });
                foreach (var shard in shards) await cut.CaptureAsync(shard, sink, default);
            });
        }
        await using var later = new RedisUnderTest($"{sentinel.ConnectionString},serviceName={RedisServer.Watched}", prefix: store.Options.Prefix);
        await AgainAsync(async () =>
        {
            await later.DeleteAsync("1");
            return true;
        });
        var compared = await AgainAsync(() => TemporaryArchive.BackupAsync(archive, later.Source, strategy: BackupStrategyKind.Incremental));
        Assert.Contains("every thread was compared with the base", Assert.Single(compared.Warnings), StringComparison.Ordinal);
        Assert.Equal(full.Threads - 1, compared.Threads);
        Assert.Empty((await TemporaryArchive.BackupAsync(archive, later.Source, strategy: BackupStrategyKind.Incremental)).Warnings);
    }

    // What a user is told: unreachable, try again. A Sentinel names the old primary for a moment, and the new one may not answer yet.
    private static async Task<T> AgainAsync<T>(Func<Task<T>> work)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work();
            }
            catch (BackupException error) when (error.Kind == ErrorKind.Unreachable && attempt < 60)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
            }
        }
    }
}

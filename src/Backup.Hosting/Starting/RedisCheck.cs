using Backup.Contracts;
using Backup.Hosting.Clustering;
using Backup.Hosting.Configuration;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Backup.Hosting.Starting;

/// <summary>Redis can be reached. Where it says that it may forget the membership table, that is logged.</summary>
internal sealed partial class RedisCheck(BackupClusterOptions cluster, ILogger<RedisCheck> logger) : IStartCheck
{
    public async Task CheckAsync(CancellationToken cancellation)
    {
        var options = RedisSettings.Parse(cluster);
        options.AllowAdmin = true; // the library counts INFO as administration
        try
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(options);
            await redis.GetDatabase().PingAsync();
            await WarnAsync(redis);
        }
        catch (RedisException error)
        {
            throw new BackupException(ErrorKind.Unreachable, $"cannot reach Redis at {RedisSettings.Place(options)} ({RedisSettings.Setting})",
                "Start the server or correct the setting; then try again.", error);
        }
    }

    // Running silos never write their rows again: with the table lost, the next silo to start founds a second cluster.
    private async Task WarnAsync(IConnectionMultiplexer redis)
    {
        foreach (var server in redis.GetServers().Where(s => s is { IsConnected: true, IsReplica: false }))
        {
            try
            {
                var info = (await server.InfoAsync()).SelectMany(section => section).DistinctBy(i => i.Key).ToDictionary(i => i.Key, i => i.Value);
                if (info.GetValueOrDefault("aof_enabled") == "0") LogForgetful(server.EndPoint);
                if (info.GetValueOrDefault("maxmemory_policy", "noeviction") != "noeviction") LogEvicting(server.EndPoint);
            }
            catch (RedisException)
            {
                // A server need not say how it is configured.
            }
        }
    }
}

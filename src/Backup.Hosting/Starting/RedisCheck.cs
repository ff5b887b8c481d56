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
                var keeps = (await server.ConfigGetAsync("appendonly")).Concat(await server.ConfigGetAsync("save")).Any(s => s.Value is not ("no" or ""));
                var evicts = (await server.ConfigGetAsync("maxmemory-policy")).Any(s => s.Value != "noeviction");
                if (!keeps) LogForgetful(server.EndPoint);
                if (evicts) LogEvicting(server.EndPoint);
            }
            catch (RedisException)
            {
                // Hosted servers do not say how they are configured.
            }
        }
    }
}

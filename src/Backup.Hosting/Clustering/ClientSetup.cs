using Backup.Hosting.Configuration;
using Orleans.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Backup.Hosting.Clustering;

/// <summary>How a client finds a silo.</summary>
internal static class ClientSetup
{
    private const int Attempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static void Configure(IClientBuilder client, BackupClusterOptions cluster)
    {
        if (cluster.Kind == BackupClusterOptions.Redis)
            client.UseRedisClustering(redis => redis.ConfigurationOptions = RedisSettings.Parse(cluster));
        else
            client.UseLocalhostClustering(ClusterPorts.Gateway(cluster), cluster.ServiceId, cluster.ClusterId);
        client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.ClusterId, cluster.ServiceId));
        // A gateway of a silo that has just gone may be tried first.
        var left = Attempts;
        client.UseConnectionRetryFilter(async (error, cancellation) =>
        {
            if (--left <= 0 || ClientErrors.IsLasting(error)) return false;
            await Task.Delay(Pause, TimeProvider.System, cancellation);
            return true;
        });
        client.AddActivityPropagation();
    }
}

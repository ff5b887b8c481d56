using System.Net;
using Backup.Abstractions;
using Backup.Hosting.Configuration;
using Backup.Hosting.State;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace Backup.Hosting.Clustering;

/// <summary>How a silo finds the others, keeps its state and is reached.</summary>
internal static class SiloSetup
{
    public static void Configure(ISiloBuilder silo, BackupClusterOptions cluster)
    {
        var (siloPort, gatewayPort) = (ClusterPorts.Silo(cluster), ClusterPorts.Gateway(cluster));
        if (cluster.Kind == BackupClusterOptions.Redis)
            silo.UseRedisClustering(redis => redis.ConfigurationOptions = RedisSettings.Parse(cluster));
        else
            silo.UseLocalhostClustering(siloPort, gatewayPort, null, cluster.ServiceId, cluster.ClusterId);
        silo.ConfigureEndpoints(cluster.AdvertisedAddress, siloPort, gatewayPort, listenOnAnyHostAddress: !IPAddress.IsLoopback(cluster.AdvertisedAddress));
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.ClusterId, cluster.ServiceId));
        silo.Configure<SiloOptions>(o => o.SiloName = $"{Environment.MachineName}:{siloPort}");
        silo.Configure<ClusterMembershipOptions>(MembershipTimings.Apply);
        ConfigureState(silo);
        silo.AddActivityPropagation();
        // On every silo, mapped or not: the dashboard shows what each silo counts itself. A trace would show logs.
        silo.AddDashboard(dashboard => dashboard.HideTrace = true);
    }

    public static void ConfigureState(ISiloBuilder silo)
    {
        // Plain JSON: a renamed type or assembly still reads its state.
        silo.UseSystemTextJsonGrainStorageSerializer();
        silo.AddAdoNetGrainStorage(StorageNames.Work, (OptionsBuilder<AdoNetGrainStorageOptions> options) =>
            options.Configure<StateDatabase>((o, state) =>
            {
                (o.Invariant, o.DataSource) = (state.Invariant, state.Source);
                o.DeleteStateOnClear = true;
            }));
        silo.UseAdoNetReminderService((OptionsBuilder<AdoNetReminderTableOptions> options) =>
            options.Configure<StateDatabase>((o, state) => (o.Invariant, o.DataSource) = (state.Invariant, state.Source)));
    }
}

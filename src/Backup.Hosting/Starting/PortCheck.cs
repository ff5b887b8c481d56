using System.Net;
using Backup.Hosting.Clustering;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Starting;

/// <summary>The silo's ports are free, on an address this machine has.</summary>
internal sealed class PortCheck(BackupClusterOptions cluster) : IStartCheck
{
    public Task CheckAsync(CancellationToken cancellation)
    {
        var address = IPAddress.IsLoopback(cluster.AdvertisedAddress) ? cluster.AdvertisedAddress : IPAddress.Any;
        FreePort.Require(address, ClusterPorts.Silo(cluster), "Backup:Cluster:SiloPort");
        FreePort.Require(address, ClusterPorts.Gateway(cluster), "Backup:Cluster:GatewayPort");
        return Task.CompletedTask;
    }
}

using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Grains.Threads;

/// <summary>A memory store lives on one silo: it is refused where there are several, rather than captured in part.</summary>
internal sealed class ClusterSize(IGrainFactory grains)
{
    /// <exception cref="BackupException">Usage: there are several silos.</exception>
    public async Task EnsureSingleAsync()
    {
        var silos = await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        if (silos.Count > 1)
            throw new BackupException(ErrorKind.Usage, $"memory stores are held by a single silo, and this cluster has {silos.Count}",
                "Run one silo (Cluster Kind localhost) for threads in memory, or keep the threads in PostgreSQL.");
    }
}

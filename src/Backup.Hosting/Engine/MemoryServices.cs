using Backup.Grains.Memory;
using Backup.Grains.Memory.Cuts;
using Backup.Grains.Memory.Directory;
using Backup.Grains.Memory.Handover;
using Backup.Grains.Memory.Log;
using Backup.Grains.Memory.Restores;
using Backup.Grains.Memory.Store;
using Backup.Hosting.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;

namespace Backup.Hosting.Engine;

/// <summary>A silo's part of the memory stores.</summary>
internal static class MemoryServices
{
    public static void AddMemoryStores(this IServiceCollection services, BackupOptions options)
    {
        services.TryAddSingleton(new MemoryTimings());
        services.AddSingleton(p => new MemoryStores(name => options.Source(name).MemoryLimitMB * 1_000_000L, p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SiloMap>();
        services.AddSingleton<ThreadDirectory>();
        services.AddSingleton<SiloCuts>();
        services.AddSingleton<SiloLog>();
        services.AddSingleton<SiloRestores>();
        services.AddSingleton<Adoption>();
        services.AddSingleton<MemorySilos>();
        services.AddSingleton<CutBarrier>();
        services.AddSingleton<ClusterMemory>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, MemoryHandover>();
        services.AddPlacementDirector<ThreadPlacement, ThreadPlacementDirector>();
    }
}

using Backup.Archive.Catalog;
using Backup.Engine.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Engine.Collection;
using Backup.Engine.Compaction;
using Backup.Engine.Recovery;
using Backup.Engine.Stores;
using Backup.Grains.Catalog;
using Backup.Grains.Memory.Store;
using Backup.Grains.Placement;
using Backup.Grains.Runs;
using Backup.Grains.Threads;
using Backup.Grains.Wire;
using Backup.Grains.Workers;
using Backup.Hosting.Archives;
using Backup.Hosting.Configuration;
using Backup.Hosting.Stores;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;

namespace Backup.Hosting.Engine;

/// <summary>What the grains of a silo work with.</summary>
internal static class SiloEngine
{
    public static void AddSiloEngine(this IServiceCollection services, BackupOptions options)
    {
        services.AddSingleton<IArchives>(p => new ArchiveOpener(options, BackupConfiguration.ProcessEnvironment(), p.GetRequiredService<TimeProvider>()));
        services.AddMemoryStores(options);
        services.AddSingleton<ICheckpointStores>(p => new CheckpointStores(options, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ClusterMemory>()));
        services.AddSingleton(_ => new LastSeen(Path.Combine(options.StateFolder, "last-seen")));
        services.AddSingleton<ArchiveQueries>();
        services.AddSingleton<ThreadQueries>();
        services.AddSingleton<ArchiveCollection>();
        services.AddSingleton<ArchiveCompaction>();
        services.AddSingleton<LogQueries>();
        services.AddSingleton<CutVectors>();
        services.AddSingleton<ChainUpkeep>();
        services.AddSingleton<ThreadCaptures>();
        services.AddSingleton<BatchCapture>();
        services.AddSingleton(new WorkerOptions(options.Workers));
        services.AddSingleton<Slots>();
        services.AddSingleton<KeptCuts>();
        services.AddSingleton<RunConfiguration>();
        services.AddSingleton<RunInstruments>();
        services.AddSingleton<WorkerInstruments>();
        services.AddSingleton<ClusterBackup>();
        services.AddChangeLogs(options);
        services.AddSingleton<IIncomingGrainCallFilter, PortableErrors>();
        services.AddPlacementDirector<SlotPlacement, SlotPlacementDirector>();
    }
}

using Backup.Abstractions;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Catalog;
using Backup.Engine.Progress;
using Backup.Engine.Restore;
using Backup.Engine.Stores;
using Backup.Grains.Memory;
using Backup.Grains.Memory.Directory;
using Backup.Hosting.Clustering;
using Backup.Hosting.Configuration;
using Backup.Hosting.Engine;
using Backup.Hosting.State;
using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Backup.Tests.Cluster.Memory;

/// <summary>Silos in this process that hold memory stores, with their state in one SQLite file; each can be killed or asked to leave.</summary>
internal sealed class MemoryCluster : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly BackupOptions options;
    private readonly InProcessTestCluster cluster;
    private readonly StateDatabase state;

    private MemoryCluster(short silos, MemoryTimings timings, int limit, bool log)
    {
        var sources = new[] { "live", "other", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth" }.ToDictionary(n => n, _ => new SourceOptions { Kind = SourceOptions.Memory, Writable = true, MemoryLimitMB = limit });
        if (log) sources["live"] = new() { Kind = SourceOptions.Memory, Writable = true, MemoryLimitMB = limit, Log = new() { Enabled = true, TickSeconds = 1 } };
        sources["frozen"] = new() { Kind = SourceOptions.Memory };
        sources["sql"] = new() { Kind = SourceOptions.Postgres, ConnectionString = "Host=127.0.0.1;Port=1" };
        options = new()
        {
            StateFolder = folder.Path, Workers = 2, Sources = sources,
            Archives = new Dictionary<string, ArchiveOptions> { ["main"] = new() { Kind = "local", Path = Path.Combine(folder.Path, "archive"), KeyFile = Path.Combine(folder.Path, "key") } },
        };
        state = StateDatabase.Sqlite(folder.Path);
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(TimeProvider.System);
            silo.Services.AddSingleton(state);
            silo.Services.AddSingleton(timings);
            silo.Services.AddSiloEngine(options);
            silo.Services.AddLogging(logging => logging.ClearProviders());
            SiloSetup.ConfigureState(silo);
        });
        cluster = builder.Build();
    }

    public IGrainFactory Grains => cluster.Client;

    public IReadOnlyList<InProcessSiloHandle> Silos => [.. cluster.Silos];

    public static async Task<MemoryCluster> StartAsync(short silos = 3, int limit = 100, MemoryTimings? timings = null, bool log = false)
    {
        var made = new MemoryCluster(silos, timings ?? new(), limit, log);
        await StateSchema.ApplyAsync(made.state, default);
        await new Hosting.Archives.ArchiveOpener(made.options, new Dictionary<string, string>(), TimeProvider.System).InitAsync("main", default);
        await made.cluster.DeployAsync();
        await made.cluster.WaitForLivenessToStabilizeAsync();
        return made;
    }

    public T Service<T>(int silo)
        where T : notnull => Services(Silos[silo]).GetRequiredService<T>();

    public IServiceProvider Services(InProcessSiloHandle silo) => cluster.GetSiloServiceProvider(silo.SiloAddress);

    public MemoryUnits Units(InProcessSiloHandle silo, string store) => Services(silo).GetRequiredService<MemoryStores>().Units(store);

    /// <summary>The log of <c>live</c>, when it was asked for.</summary>
    public IChangeLogGrain Log => Grains.GetGrain<IChangeLogGrain>(GrainKeys.Source("live"));

    /// <summary>Ends a grain's activation; the next call makes another.</summary>
    public Task DeactivateAsync(IAddressable grain) => cluster.DeactivateAsync(grain);

    public ICheckpointThreadGrain Thread(string store, string id) => Grains.GetGrain<ICheckpointThreadGrain>(GrainKeys.Thread(store, id));

    /// <summary>How often a directory has written its state: the version of a row is the number of its writes.</summary>
    public long Writes => (long)Sql("SELECT coalesce(sum(version), 0) FROM grainstate WHERE statename LIKE 'directory-%'")!;

    /// <summary>Stores that a unit is held as another activation of a listing would have.</summary>
    public void Overtake(string listing, string unit, string silo) =>
        Assert.Equal(1L, Sql($"""
            UPDATE grainstate SET payloadbinary = CAST(json_set(CAST(payloadbinary AS TEXT), '$.Changes."{unit}"', '{silo}') AS BLOB), version = version + 1
            WHERE statename = 'directory-changes' AND keytext LIKE '%{listing}'; SELECT changes();
            """));

    public async Task DeactivateDirectoriesAsync(string store)
    {
        for (var p = 0; p < 16; p++) await cluster.DeactivateAsync(Grains.GetGrain<IThreadDirectoryGrain>(GrainKeys.Directory(store, p)));
    }

    public async Task KillAsync(InProcessSiloHandle silo)
    {
        await cluster.KillSiloAsync(silo);
        await SettledAsync();
    }

    public async Task LeaveAsync(InProcessSiloHandle silo)
    {
        await cluster.StopSiloAsync(silo);
        await SettledAsync();
    }

    public async Task JoinAsync()
    {
        await cluster.StartAdditionalSiloAsync();
        await SettledAsync();
    }

    /// <summary>Opens a cut as a coordinator on that silo does.</summary>
    public async Task<ISourceCut> CutAsync(string store, int silo = 0) => await (await Service<ICheckpointStores>(silo).OpenSourceAsync(store, default)).CutAsync(default);

    /// <summary>Takes a backup coordinated by that silo.</summary>
    public async Task<BackupSummary> BackupAsync(string store, int silo = 0, BackupStrategyKind strategy = BackupStrategyKind.Full)
    {
        var archive = await Service<IArchives>(silo).OpenAsync("main", default);
        var source = await Service<ICheckpointStores>(silo).OpenSourceAsync(store, default);
        return await new BackupRun(archive, source, new() { Source = store, Archive = "main", Strategy = strategy }, "test", 4, TimeProvider.System).RunAsync(Progress(RunKind.Backup), default);
    }

    /// <summary>Restores, coordinated by that silo.</summary>
    public async Task<RestoreReport> RestoreAsync(RestoreRequest request, int silo = 0)
    {
        var archive = await Service<IArchives>(silo).OpenAsync("main", default);
        await using var target = await Service<ICheckpointStores>(silo).OpenTargetAsync(request.Target, default);
        return await new RestoreRun(archive, target, request, TimeProvider.System).RunAsync(Progress(RunKind.Restore), default);
    }

    public Task<VerifyReport> VerifyAsync(string backup, string against, int silo = 0) =>
        Service<ArchiveQueries>(silo).VerifyAsync(new() { Archive = "main", BackupId = backup, Deep = true, Against = against }, Progress(RunKind.Backup), default);

    public async ValueTask DisposeAsync()
    {
        await cluster.DisposeAsync();
        await state.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Dispose();
    }

    private object? Sql(string text)
    {
        using var connection = state.Source.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        return command.ExecuteScalar();
    }

    private static RunProgress Progress(RunKind kind)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new(new() { RunId = RunId.New(now).Value, Kind = kind, Store = "", Archive = "main", Started = now }, TimeProvider.System);
    }

    // Every silo sees the silos there are.
    private Task SettledAsync() => Until.TrueAsync("the silos agree on who is there", () => Task.FromResult(Silos.All(s =>
        Services(s).GetRequiredService<SiloMap>().Active.SequenceEqual(Silos.Select(o => o.SiloAddress).Order()))));
}

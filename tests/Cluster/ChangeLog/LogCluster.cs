using Backup.Abstractions;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Engine.Recovery;
using Backup.Engine.Stores;
using Backup.Hosting.Clustering;
using Backup.Hosting.Configuration;
using Backup.Hosting.Engine;
using Backup.Hosting.State;
using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Backup.Tests.Cluster.ChangeLog;

/// <summary>Silos in this process that keep the log of one source, called <c>prod</c>, in one archive.</summary>
internal sealed class LogCluster : IAsyncDisposable
{
    private const string Source = "prod";
    private readonly TestFolder folder = new();
    private readonly InProcessTestCluster cluster;
    private readonly StateDatabase state;

    private LogCluster(SourceOptions source)
    {
        var options = new BackupOptions
        {
            StateFolder = folder.Path, Workers = 2,
            Sources = new Dictionary<string, SourceOptions> { [Source] = source },
            Archives = new Dictionary<string, ArchiveOptions> { ["main"] = new() { Kind = "local", Path = Folder, KeyFile = Path.Combine(folder.Path, "key") } },
        };
        Archives = new Hosting.Archives.ArchiveOpener(options, new Dictionary<string, string>(), TimeProvider.System);
        state = StateDatabase.Sqlite(folder.Path);
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(TimeProvider.System);
            silo.Services.AddSingleton(state);
            silo.Services.AddSiloEngine(options);
            silo.Services.AddLogging(logging => logging.ClearProviders());
            SiloSetup.ConfigureState(silo);
        });
        cluster = builder.Build();
    }

    public IArchives Archives { get; }

    private string Folder => Path.Combine(folder.Path, "archive");

    public ICheckpointThreadGrain Thread(string id) => cluster.Client.GetGrain<ICheckpointThreadGrain>(GrainKeys.Thread(Source, id));

    public IChangeLogGrain Log => cluster.Client.GetGrain<IChangeLogGrain>(GrainKeys.Source(Source));

    public static Task<LogCluster> StartAsync(string connectionString, bool enabled = true, int maxRetainedMB = 4096) =>
        StartAsync(new SourceOptions { Kind = SourceOptions.Postgres, ConnectionString = connectionString, Log = new() { Enabled = enabled, TickSeconds = 1, PollSeconds = 1, MaxRetainedMB = maxRetainedMB } });

    public static async Task<LogCluster> StartAsync(SourceOptions source)
    {
        var made = new LogCluster(source);
        await StateSchema.ApplyAsync(made.state, default);
        await made.Archives.InitAsync("main", default);
        await made.cluster.DeployAsync();
        return made;
    }

    /// <summary>What the archive says of the log.</summary>
    public Task<LogStatus> StoredAsync() => cluster.Client.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive("main")).LogAsync(Source);

    /// <summary>Compacts through a silo: every status, the last with the report.</summary>
    public async Task<RunStatus> CompactAsync(string source, bool dryRun = false)
    {
        RunStatus? last = null;
        await foreach (var status in cluster.Client.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive("main")).CompactAsync(new() { Source = source, Archive = "main", DryRun = dryRun })) last = status;
        return last!;
    }

    /// <summary>How many layers the latest backup is read through.</summary>
    public async Task<int> LayersAsync()
    {
        var catalog = await BackupCatalog.LoadAsync(await Archives.OpenAsync("main", default), default);
        return (await BackupChain.LoadAsync(catalog, await catalog.LatestAsync(Source, default), default)).Members.Count;
    }

    /// <summary>Takes a backup and waits for its end.</summary>
    public async Task BackupAsync(BackupStrategyKind strategy = BackupStrategyKind.Full)
    {
        RunStatus run = null!;
        // The log tries to take its base, one after the other.
        await Until.TrueAsync("the source is not busy", async () =>
        {
            try
            {
                run = await cluster.Client.GetGrain<IBackupManagerGrain>(GrainKeys.Source(Source)).StartAsync(new() { Source = Source, Archive = "main", Strategy = strategy });
                return true;
            }
            catch (BackupException error) when (error.Kind == ErrorKind.Conflict)
            {
                return false;
            }
        });
        await Until.TrueAsync("the backup is done", async () => (run = await cluster.Client.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(run.RunId))).StatusAsync()).IsFinished);
        Assert.True(run.State == RunState.Done, run.Error);
    }

    /// <summary>The error of a moment that is asked for by its position.</summary>
    public async Task<BackupException> RefusedAsync(ulong position)
    {
        var archive = await Archives.OpenAsync("main", default);
        var log = await LogCatalog.LoadAsync(archive, await BackupCatalog.LoadAsync(archive, default), Source, default);
        return Assert.Throws<BackupException>(() => LogTarget.At(position, log));
    }

    /// <summary>The newest backup at or before a time holds a thread.</summary>
    public async Task<bool> HeldByBackupAsync(string thread, DateTimeOffset time)
    {
        var archive = await Archives.OpenAsync("main", default);
        using var point = await new RecoveryPoints(archive, await BackupCatalog.LoadAsync(archive, default), Source, TimeProvider.System)
            .ResolveAsync(RecoveryPoint.Parse(time.ToString("O", System.Globalization.CultureInfo.InvariantCulture)), null, "", default);
        return await HoldsAsync(new ThreadBrowser(point.Archive, point.Chain), thread);
    }

    /// <summary>A moment of the log, by the source's clock, has a thread.</summary>
    public async Task<bool> HeldAsync(string thread, DateTimeOffset time)
    {
        var archive = await Archives.OpenAsync("main", default);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        var target = LogTarget.At(time, await LogCatalog.LoadAsync(archive, catalog, Source, default));
        using var moment = await PointInTime.DeriveAsync(archive, catalog, target, [thread], TimeProvider.System, default);
        return await HoldsAsync(new ThreadBrowser(moment.Archive, moment.Chain), thread);
    }

    /// <summary>Waits for the owner to say something.</summary>
    public Task UntilAsync(string what, Func<LogStatus, bool> condition, FollowedStore? writer = null, double seconds = 60, Func<Task>? before = null)
    {
        LogStatus? last = null;
        return UntilAsync();

        async Task UntilAsync()
        {
            try
            {
                await Until.TrueAsync(what, async () =>
                {
                    // An idle source is looked at seldom; one that is written to, each second.
                    if (writer is not null) await writer.WriteAsync("beat");
                    if (before is not null) await before();
                    return condition(last = await AskAsync());
                }, seconds);
            }
            catch (Xunit.Sdk.XunitException error)
            {
                throw new InvalidOperationException($"{error.Message}; the log: {last}", error);
            }
        }
    }

    /// <summary>Takes the archive's volume away until the result is disposed: its folder is empty.</summary>
    public IDisposable WithoutArchive() => new AwayFolder(Folder);

    /// <summary>A moment of the log has a thread: the newest, or the one at a position.</summary>
    public async Task<bool> HoldsAsync(string thread, ulong? position = null)
    {
        var archive = await Archives.OpenAsync("main", default);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        var log = await LogCatalog.LoadAsync(archive, catalog, Source, default);
        if ((position is { } at ? LogTarget.At(at, log) : LogTarget.Newest(log)) is not { } target) return false;
        using var moment = await PointInTime.DeriveAsync(archive, catalog, target, [thread], TimeProvider.System, default);
        return await HoldsAsync(new ThreadBrowser(moment.Archive, moment.Chain), thread);
    }

    /// <summary>True when the newest backup holds a thread.</summary>
    public async Task<bool> NewestHoldsAsync(string thread)
    {
        var archive = await Archives.OpenAsync("main", default);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        return await HoldsAsync(new ThreadBrowser(archive, await BackupChain.LoadAsync(catalog, await catalog.LatestAsync(Source, default), default)), thread);
    }

    private static async Task<bool> HoldsAsync(ThreadBrowser browser, string thread) => await browser.FindAsync(thread, default) is not null;

    /// <summary>The silo of that name.</summary>
    public InProcessSiloHandle Silo(string? name) => cluster.Silos.Single(s => cluster.GetSiloServiceProvider(s.SiloAddress).GetRequiredService<ILocalSiloDetails>().Name == name);

    public Task KillAsync(InProcessSiloHandle silo) => cluster.KillSiloAsync(silo);

    public Task LeaveAsync(InProcessSiloHandle silo) => cluster.StopSiloAsync(silo);

    public async ValueTask DisposeAsync()
    {
        await cluster.StopAllSilosAsync();
        await cluster.DisposeAsync();
        await state.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Dispose();
    }

    // While the silos agree on who is there, a call may be lost with the one that went.
    private async Task<LogStatus> AskAsync()
    {
        try
        {
            return await Log.StatusAsync();
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            return new() { Source = Source, Trouble = error.Message };
        }
    }

    private sealed class AwayFolder : IDisposable
    {
        private readonly string folder;

        public AwayFolder(string folder)
        {
            this.folder = folder;
            Directory.Move(folder, folder + ".away");
            Directory.CreateDirectory(folder);
        }

        public void Dispose()
        {
            Directory.Move(folder, $"{folder}.stray-{Contracts.Randomness.Token(4)}");
            Directory.Move(folder + ".away", folder);
        }
    }
}

using System.Collections.Concurrent;
using Backup.Abstractions;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.S3;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.Progress;
using Backup.Engine.Stores;
using Backup.Hosting.Archives;
using Backup.Hosting.Clustering;
using Backup.Hosting.Configuration;
using Backup.Hosting.Engine;
using Backup.Hosting.State;
using Backup.Tests.Cluster.Grains;
using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Backup.Tests.Cluster.Runs;

/// <summary>Silos in this process, with one slot each, over a store in PostgreSQL and with their state there; each can be held and killed.</summary>
internal sealed class RunCluster : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly ConcurrentDictionary<string, StateDatabase> states = new();
    private readonly InProcessTestCluster cluster;
    private readonly EmptyDatabase stateDatabase;

    private RunCluster(short silos, Store store, EmptyDatabase stateDatabase)
    {
        Store = store;
        this.stateDatabase = stateDatabase;
        var options = new BackupOptions
        {
            StateFolder = folder.Path, Workers = 1,
            Sources = new Dictionary<string, SourceOptions>
            {
                ["prod"] = new() { Kind = SourceOptions.Postgres, ConnectionString = store.ConnectionString, Schema = "agents" },
                ["copy"] = new() { Kind = SourceOptions.Postgres, ConnectionString = store.ConnectionString, Schema = "copy", Writable = true },
                ["redis"] = new() { Kind = SourceOptions.Redis, ConnectionString = Servers.Redis, Layout = "plain", Prefix = Redis.Prefix, Writable = true },
                ["s3"] = new() { Kind = SourceOptions.S3, Bucket = S3.Bucket, Prefix = S3.Prefix, Endpoint = S3.Endpoint, AccessKey = S3.AccessKey, SecretKey = S3.SecretKey, Writable = true },
            },
            Archives = new Dictionary<string, ArchiveOptions> { ["main"] = new() { Kind = "local", Path = Path.Combine(folder.Path, "archive"), KeyFile = Path.Combine(folder.Path, "key") } },
        };
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((made, silo) =>
        {
            var state = states[made.SiloName] = StateDatabase.Postgres(stateDatabase.ConnectionString);
            silo.Services.AddSingleton(TimeProvider.System);
            silo.Services.AddSingleton(state);
            silo.Services.AddSiloEngine(options);
            silo.Services.AddSingleton<IArchives>(new HeldArchives(new ArchiveOpener(options, new Dictionary<string, string>(), TimeProvider.System), made.SiloName, Hold));
            silo.Services.AddLogging(logging => logging.ClearProviders());
            silo.Configure<Orleans.Hosting.ReminderOptions>(reminders => reminders.MinimumReminderPeriod = TimeSpan.FromMilliseconds(100));
            SiloSetup.ConfigureState(silo);
        });
        cluster = builder.Build();
    }

    public Store Store { get; }

    /// <summary>The store <c>redis</c>, which is not there at first.</summary>
    public RedisStoreOptions Redis { get; } = new() { Name = "redis", ConnectionString = Servers.Redis, Prefix = $"test:{Randomness.Token(8)}" };

    /// <summary>The store <c>s3</c>, which is not there at first, nor is its bucket.</summary>
    public S3StoreOptions S3 { get; } = new()
    {
        Name = "s3", Bucket = "runs", Prefix = $"test/{Randomness.Token(8)}", Endpoint = new($"http://{Servers.S3.Authority}"), AccessKey = Servers.S3.UserInfo.Split(':')[0], SecretKey = Servers.S3.UserInfo.Split(':')[1],
    };

    public Hold Hold { get; } = new();

    public IGrainFactory Grains => cluster.Client;

    public IReadOnlyList<InProcessSiloHandle> Silos => [.. cluster.Silos];

    public IBackupManagerGrain Backups => Grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source("prod"));

    public IRestoreManagerGrain Restores => Grains.GetGrain<IRestoreManagerGrain>(GrainKeys.Target("copy"));

    public static async Task<RunCluster> StartAsync(short silos = 3, int threads = 600)
    {
        var made = new RunCluster(silos, await Store.CreateAsync(threads), await EmptyDatabase.CreateAsync());
        await using (var state = StateDatabase.Postgres(made.stateDatabase.ConnectionString)) await StateSchema.ApplyAsync(state, default);
        await made.cluster.DeployAsync();
        await made.cluster.WaitForLivenessToStabilizeAsync();
        await made.Service<IArchives>(made.Silos[0]).InitAsync("main", default);
        return made;
    }

    public T Service<T>(InProcessSiloHandle silo)
        where T : notnull => cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<T>();

    public IBackupRunGrain Backup(RunStatus run) => Grains.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(run.RunId)));

    public IRestoreRunGrain Restore(RunStatus run) => Grains.GetGrain<IRestoreRunGrain>(GrainKeys.Run(new(run.RunId)));

    /// <summary>The silo that coordinates a run.</summary>
    public InProcessSiloHandle Owner(RunStatus run) => Silos.Single(s => s.Name == run.Owner);

    /// <summary>The silos whose slots are at work for a run.</summary>
    public async Task<IReadOnlyList<InProcessSiloHandle>> AtWorkAsync(RunStatus run)
    {
        var found = new List<InProcessSiloHandle>();
        foreach (var silo in Silos)
            if (await Grains.GetGrain<IShardWorkerGrain>(GrainKeys.Slot(silo.SiloAddress.ToParsableString(), 0)).PollAsync(run.RunId) is { Ended: false } at && at.RunId == run.RunId) found.Add(silo);
        return found;
    }

    /// <summary>Ends a silo as the end of its process would: it hands nothing over, and what still runs of it writes nothing more.</summary>
    public async Task KillAsync(InProcessSiloHandle silo)
    {
        Hold.Kill(silo.Name);
        await states[silo.Name].DisposeAsync();
        await cluster.KillSiloAsync(silo);
    }

    /// <summary>Stops a silo as an administrator does.</summary>
    public Task StopAsync(InProcessSiloHandle silo) => cluster.StopSiloAsync(silo);

    public Task JoinAsync() => cluster.StartAdditionalSiloAsync();

    /// <summary>Has the reminder of a run come soon instead of within a minute.</summary>
    public Task RemindAsync(IRunGrain run) => Grains.GetGrain<IAlarmGrain>("alarm/1").SetAsync(run.GetGrainId(), "resume", TimeSpan.FromSeconds(1));

    public Task<IReadOnlyList<BackupSummary>> BackupsAsync() => Service<ArchiveQueries>(Silos[0]).ListAsync("main", "prod", default);

    /// <summary>Checks every byte of the archive, or a backup against a store.</summary>
    public async Task<VerifyReport> VerifyAsync(string? backup = null, string? against = null)
    {
        var progress = new RunProgress(new() { RunId = "", Store = "", Archive = "main" }, TimeProvider.System);
        return await Service<ArchiveQueries>(Silos[0]).VerifyAsync(new() { Archive = "main", BackupId = backup, Deep = true, Against = against }, progress, default);
    }

    /// <summary>Runs a statement where the cluster keeps its state.</summary>
    public async Task<object?> StateAsync(string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(stateDatabase.ConnectionString);
        await using var command = source.CreateCommand($"SET search_path = {StateDatabase.DefaultSchema}; {sql}");
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Hold.Release();
        await cluster.DisposeAsync();
        foreach (var state in states.Values) await state.DisposeAsync();
        await Store.DisposeAsync();
        await stateDatabase.DisposeAsync();
        folder.Dispose();
    }
}

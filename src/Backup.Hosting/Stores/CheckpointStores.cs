using Backup.Checkpoints.Postgres;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.S3;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Grains.Memory.Store;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Stores;

/// <summary>The stores this process can reach: databases, Redis, S3, and inside a silo the threads it holds.</summary>
public sealed class CheckpointStores : ICheckpointStores
{
    private readonly BackupOptions options;
    private readonly ClusterMemory? memory;
    private readonly Dictionary<string, RateLimit> limits;

    /// <summary>The stores of a process that is no silo.</summary>
    public CheckpointStores(BackupOptions options, TimeProvider time)
    {
        this.options = options;
        limits = options.Sources.Where(s => s.Value.MaxReadMBPerSecond is not null).ToDictionary(s => s.Key, s => new RateLimit(s.Value.MaxReadMBPerSecond!.Value * 1_000_000L, time));
    }

    internal CheckpointStores(BackupOptions options, TimeProvider time, ClusterMemory memory) : this(options, time) => this.memory = memory;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => [.. options.Sources.Keys];

    /// <inheritdoc/>
    public ValueTask<ICheckpointSource> OpenSourceAsync(string name, CancellationToken cancellation) => options.Source(name) switch
    {
        { Kind: SourceOptions.Memory } => new(Memory(name)),
        { Kind: SourceOptions.Redis } source => new(Redis(name, source)),
        { Kind: SourceOptions.S3 } source => new(S3(name, source)),
        var source => new(Postgres(name, source)),
    };

    /// <inheritdoc/>
    public ValueTask<ICheckpointTarget> OpenTargetAsync(string name, CancellationToken cancellation) => options.Target(name) switch
    {
        { Kind: SourceOptions.Memory } => new(Memory(name)),
        { Kind: SourceOptions.Redis } target => new(Redis(name, target)),
        { Kind: SourceOptions.S3 } target => new(S3(name, target)),
        var target => new(Postgres(name, target)),
    };

    /// <inheritdoc/>
    public string Fingerprint(string name)
    {
        var store = options.Source(name);
        // With a log, cuts are taken in another way.
        string[] log = store.Log.Enabled ? ["log"] : [];
        string[] place = store.Kind switch
        {
            SourceOptions.Redis => [store.Layout, store.Prefix],
            SourceOptions.S3 => [store.Endpoint?.ToString() ?? "", store.Region ?? "", store.Bucket, store.Prefix],
            _ => [],
        };
        return Configuration.Fingerprint.Of([name, store.Kind, store.ConnectionString, store.Schema, .. place, .. log]);
    }

    /// <inheritdoc/>
    public bool IsMemory(string name) => options.Source(name).Kind == SourceOptions.Memory;

    private ClusterMemoryStore Memory(string name) => memory?.Open(name)
        ?? throw new BackupException(ErrorKind.Usage, $"the threads of {name} are held by a cluster, and none is configured", "Configure Backup:Cluster.");

    private RedisStore Redis(string name, SourceOptions store) =>
        new(new RedisStoreOptions { Name = name, ConnectionString = store.ConnectionString, Prefix = store.Prefix, Layout = SourceOptions.RedisLayouts[store.Layout], Writable = store.Writable, ReadLimit = limits.GetValueOrDefault(name) });

    private S3Store S3(string name, SourceOptions store) => new(new S3StoreOptions
    {
        Name = name, Bucket = store.Bucket, Prefix = store.Prefix, Endpoint = store.Endpoint, Region = store.Region, AccessKey = store.AccessKey, SecretKey = store.SecretKey,
        Writable = store.Writable, ReadLimit = limits.GetValueOrDefault(name),
    });

    private PostgresStore Postgres(string name, SourceOptions store) =>
        new(new PostgresStoreOptions { Name = name, ConnectionString = store.ConnectionString!, Schema = store.Schema, Writable = store.Writable, ExactCut = store.Log.Enabled, ReadLimit = limits.GetValueOrDefault(name) });
}

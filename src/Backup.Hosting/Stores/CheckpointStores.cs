using Backup.Checkpoints.Postgres;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Stores;

/// <summary>The stores a single process can reach by itself.</summary>
public sealed class CheckpointStores(BackupOptions options) : ICheckpointStores
{
    /// <inheritdoc/>
    public ValueTask<ICheckpointSource> OpenSourceAsync(string name, CancellationToken cancellation) => new(Postgres(name, options.Source(name)));

    /// <inheritdoc/>
    public ValueTask<ICheckpointTarget> OpenTargetAsync(string name, CancellationToken cancellation) => new(Postgres(name, options.Target(name)));

    private static PostgresStore Postgres(string name, SourceOptions store) => store.Kind == SourceOptions.Memory
        ? throw new BackupException(ErrorKind.Usage, $"the threads of {name} are held by a cluster, and none is configured", "Configure Backup:Cluster.")
        : new(new PostgresStoreOptions { Name = name, ConnectionString = store.ConnectionString!, Schema = store.Schema, Writable = store.Writable });
}

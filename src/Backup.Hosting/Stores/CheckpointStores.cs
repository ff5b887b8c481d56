using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Hosting.Stores;

/// <summary>The stores a single process can reach by itself.</summary>
public sealed class CheckpointStores(BackupOptions options) : ICheckpointStores
{
    /// <inheritdoc/>
    public ValueTask<ICheckpointSource> OpenSourceAsync(string name, CancellationToken cancellation) => throw Unreachable(name, options.Source(name));

    /// <inheritdoc/>
    public ValueTask<ICheckpointTarget> OpenTargetAsync(string name, CancellationToken cancellation) => throw Unreachable(name, options.Target(name));

    private static BackupException Unreachable(string name, SourceOptions store) => store.Kind == SourceOptions.Memory
        ? new(ErrorKind.Usage, $"the threads of {name} are held by a cluster, and none is configured", "Configure Backup:Cluster.")
        : new(ErrorKind.Usage, $"{name}: this build has no provider for stores of kind {store.Kind}");
}

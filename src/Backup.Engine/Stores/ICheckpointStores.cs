using Backup.Checkpoints.Stores;

namespace Backup.Engine.Stores;

/// <summary>Opens checkpoint stores by their configured names.</summary>
public interface ICheckpointStores
{
    /// <summary>Opens a store to read it.</summary>
    /// <exception cref="Contracts.BackupException">NotFound, Usage, Unreachable.</exception>
    ValueTask<ICheckpointSource> OpenSourceAsync(string name, CancellationToken cancellation);

    /// <summary>Opens a store to restore into it.</summary>
    /// <exception cref="Contracts.BackupException">NotFound, Usage (not writable), Unreachable.</exception>
    ValueTask<ICheckpointTarget> OpenTargetAsync(string name, CancellationToken cancellation);
}

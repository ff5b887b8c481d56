using Backup.Checkpoints.Stores;

namespace Backup.Engine.Stores;

/// <summary>Opens checkpoint stores by their configured names.</summary>
public interface ICheckpointStores
{
    /// <summary>The configured names.</summary>
    IReadOnlyCollection<string> Names { get; }

    /// <summary>Opens a store to read it.</summary>
    /// <exception cref="Contracts.BackupException">NotFound, Usage, Unreachable.</exception>
    ValueTask<ICheckpointSource> OpenSourceAsync(string name, CancellationToken cancellation);

    /// <summary>Names what is configured for a store without telling it: silos that differ in it must not work for one run.</summary>
    /// <exception cref="Contracts.BackupException">NotFound.</exception>
    string Fingerprint(string name);

    /// <summary>True when the store's threads are held in the cluster's memory.</summary>
    /// <exception cref="Contracts.BackupException">NotFound.</exception>
    bool IsMemory(string name);

    /// <summary>Opens a store to restore into it.</summary>
    /// <exception cref="Contracts.BackupException">NotFound, Usage (not writable), Unreachable.</exception>
    ValueTask<ICheckpointTarget> OpenTargetAsync(string name, CancellationToken cancellation);
}

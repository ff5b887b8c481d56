namespace Backup.Checkpoints.Stores;

/// <summary>A live checkpoint store that can be read at a cut. Reading never changes it.</summary>
/// <remarks>Every implementation passes the suite under <c>tests/StoreSuite</c>.</remarks>
public interface ICheckpointSource : IAsyncDisposable
{
    /// <summary>Kind as configured: <c>postgres</c>, <c>redis</c>, <c>memory</c>.</summary>
    string Kind { get; }

    /// <summary>Takes a cut: the instant everything read through it is true for.</summary>
    /// <exception cref="Backup.Contracts.BackupException">
    /// NotFound when there is no store; Usage for a layout, a privilege or a policy that does not allow a whole capture; Unreachable.
    /// </exception>
    Task<ISourceCut> CutAsync(CancellationToken cancellation);

    /// <summary>Joins a cut that another connection or process holds, by its <see cref="CutDescription.Token"/>; afterwards both hold it.</summary>
    /// <exception cref="CutLostException">Nobody holds that cut any more.</exception>
    Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation);
}

/// <summary>The cut is gone: no living process holds it. A new one must be taken.</summary>
public sealed class CutLostException(string token, Exception? inner = null)
    : Backup.Contracts.BackupException(Backup.Contracts.ErrorKind.Failed, $"the cut {token} is not held by any living process any more",
        "Run the backup again; it takes a new cut.", inner);

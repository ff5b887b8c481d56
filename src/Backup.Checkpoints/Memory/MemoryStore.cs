using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.Memory;

/// <summary>The units of one process as a source and a target.</summary>
public sealed class MemoryStore(MemoryUnits units, TimeProvider time) : ICheckpointSource, ICheckpointTarget
{
    /// <summary>The kind of this store.</summary>
    public const string KindName = "memory";

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public Task<ISourceCut> CutAsync(CancellationToken cancellation) => Task.FromResult<ISourceCut>(new MemoryCut(units, time.GetUtcNow()));

    /// <inheritdoc/>
    public Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) => throw new CutLostException(token);

    /// <inheritdoc/>
    public Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation) =>
        Task.FromResult<ISourceCut?>(units.Count == 0 ? null : new MemoryCut(units, time.GetUtcNow()));

    /// <inheritdoc/>
    public Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation) =>
        Task.FromResult<ITargetSession>(new MemorySession(units, intent.Online, time));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}

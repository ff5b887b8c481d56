using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.Memory;

/// <summary>The units of one process as a source and a target.</summary>
public sealed class MemoryStore(MemoryUnits units, TimeProvider time) : ICheckpointSource, ICheckpointTarget
{
    /// <summary>The kind of this store.</summary>
    public const string KindName = "memory";

    internal const string Layout = """{"kind":"memory"}""";

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public Task<ISourceCut> CutAsync(CancellationToken cancellation) => Task.FromResult<ISourceCut>(Cut());

    /// <inheritdoc/>
    public Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) => throw new CutLostException(token);

    /// <inheritdoc/>
    public Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation) => Task.FromResult<ISourceCut?>(units.Count == 0 ? null : Cut());

    /// <inheritdoc/>
    public Task<IReadOnlyList<DroppedExtra>> DropsAsync(TargetIntent intent, CancellationToken cancellation) => Task.FromResult(LayoutOrigin.DroppedBy(intent));

    /// <inheritdoc/>
    public Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation) =>
        Task.FromResult<ITargetSession>(new MemorySession(units, intent, time));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    internal static BackupException Concurrent(UnitId unit) =>
        new(ErrorKind.Conflict, $"another writer made {unit} while it was restored", "That thread was not changed. Run the restore again.");

    private MemoryCut Cut() => new(new(units.Current), time.GetUtcNow());
}

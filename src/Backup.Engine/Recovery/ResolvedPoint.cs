using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Engine.ChangeLog;

namespace Backup.Engine.Recovery;

/// <summary>What a source held at a point, to be read like a backup. Disposing removes what was derived for it.</summary>
/// <param name="archive">Where it is read.</param>
/// <param name="chain">The chain whose newest member is the point.</param>
/// <param name="derived">What was derived from a change log; null for a backup.</param>
public sealed class ResolvedPoint(OpenedArchive archive, BackupChain chain, PointInTime? derived) : IDisposable
{
    /// <summary>Where it is read.</summary>
    public OpenedArchive Archive => archive;

    /// <summary>The chain whose newest member is the point.</summary>
    public BackupChain Chain => chain;

    /// <inheritdoc/>
    public void Dispose() => derived?.Dispose();
}

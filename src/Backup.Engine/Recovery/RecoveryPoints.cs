using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Recovery;

/// <summary>
/// Finds the backup of a source that holds its state at a point: the newest one at or before it, or the newest one with a
/// checkpoint (docs/adr/0034). What is between that backup and the point is not in it.
/// </summary>
public sealed class RecoveryPoints(OpenedArchive archive, BackupCatalog catalog, string source)
{
    /// <summary>Resolves a point; null is the latest backup.</summary>
    /// <param name="point">The point.</param>
    /// <param name="thread">The one thread that is asked for; a checkpoint is looked for in it.</param>
    /// <param name="ns">The checkpoint's namespace.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="BackupException">
    /// NotFound: nothing is as old, or no backup holds the checkpoint. Usage: the point says nothing about this source. Damage: a
    /// seal or manifest cannot be read, so which is the newest is unknown.
    /// </exception>
    public async Task<BackupChain> ResolveAsync(RecoveryPoint? point, string? thread, string ns, CancellationToken cancellation)
    {
        var latest = await catalog.LatestAsync(source, cancellation);
        if (point is null) return await BackupChain.LoadAsync(catalog, latest, cancellation);
        if (point is { CheckpointId: { } checkpoint })
            return await HoldingAsync(checkpoint, ns, thread ?? throw new BackupException(ErrorKind.Usage, "a checkpoint is a point of one thread", "Name the thread with --thread."), cancellation);
        var found = point is { Position: { } position } ? await AtPositionAsync(position, point.Value, latest, cancellation) : await AtTimeAsync(point.Value, cancellation);
        return await BackupChain.LoadAsync(catalog, found, cancellation);
    }

    private async Task<BackupManifest> AtTimeAsync(RecoveryPoint point, CancellationToken cancellation)
    {
        BackupManifest? found = null, first = null;
        await foreach (var backup in catalog.OfSourceAsync(source, cancellation))
        {
            if (first is null || backup.Source.CutTime < first.Source.CutTime) first = backup;
            if (backup.Source.CutTime <= point.Time && (found is null || backup.Source.CutTime > found.Source.CutTime)) found = backup;
        }
        return found ?? throw new BackupException(ErrorKind.NotFound, $"the first backup of '{source}' is true for {RecoveryPoint.At(first!.Source.CutTime)}, which is after {point}",
            $"Nothing older was kept. The first possible point is --at {RecoveryPoint.At(first.Source.CutTime)}.");
    }

    // Positions of one log only can be compared: the newest at or before must be of the log that the latest backup is of.
    private async Task<BackupManifest> AtPositionAsync(ulong position, RecoveryPoint point, BackupManifest latest, CancellationToken cancellation)
    {
        BackupManifest? found = null, first = null;
        await foreach (var backup in catalog.OfSourceAsync(source, cancellation))
        {
            if (PositionOf(backup) is not { } at) continue;
            if (first is null || at < PositionOf(first)) first = backup;
            if (at <= position && (found is null || at > PositionOf(found))) found = backup;
        }
        if (first is null) throw Unknown($"no backup of '{source}' says its position in a log");
        if (found is null)
            throw new BackupException(ErrorKind.NotFound, $"the first backup of '{source}' is at {first.Source.CutPosition}, which is after {point}",
                $"Nothing older was kept. The first possible point is --at {first.Source.CutPosition}.");
        foreach (var name in new[] { "systemIdentifier", "timeline" })
        {
            if (found.Source.Identity.GetValueOrDefault(name) is not { } was || latest.Source.Identity.GetValueOrDefault(name) is not { } now)
                throw Unknown($"the backups of '{source}' do not say which {name} their positions are of");
            if (was != now) throw Unknown($"{point} is not a position of one log: backup {found.BackupId} before it is of {name} {was}, the latest one of {now}");
        }
        return found;
    }

    // Ids are unique in a thread: the newest backup knows best what came after the checkpoint.
    private async Task<BackupChain> HoldingAsync(string checkpoint, string ns, string thread, CancellationToken cancellation)
    {
        byte[]? looked = null;
        await foreach (var backup in catalog.OfSourceAsync(source, cancellation))
        {
            var chain = await BackupChain.LoadAsync(catalog, backup, cancellation);
            var content = new ThreadContent(archive, chain);
            // A backup that holds the thread as one did that was read already has the same checkpoints.
            if (await content.FindAsync(thread, cancellation) is not { } unit || unit.Summary.AsSpan().SequenceEqual(looked)) continue;
            if (await content.HoldsAsync(unit, ns, checkpoint, cancellation)) return chain;
            looked = unit.Summary;
        }
        throw new BackupException(ErrorKind.NotFound, $"no backup of '{source}' holds checkpoint '{checkpoint}' of namespace '{ns}' in thread '{thread}'",
            $"'backup thread history --source {source} --thread ID' lists the checkpoints there are, with their namespaces.");
    }

    private static ulong? PositionOf(BackupManifest backup) => RecoveryPoint.ParsePosition(backup.Source.CutPosition);

    private BackupException Unknown(string what) =>
        new(ErrorKind.Usage, what, $"Name a time, or a backup: 'backup list --source {source}' shows them with their times and positions.");
}

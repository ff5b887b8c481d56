using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Objects;
using Backup.Checkpoints.Closure;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Units;

namespace Backup.Engine.Recovery;

/// <summary>
/// Finds what holds a source's state at a point (docs/adr/0034): where a change log covers it, a backup and the log behind it; else the newest
/// backup at or before the point, or the newest one with a checkpoint.
/// </summary>
public sealed class RecoveryPoints(OpenedArchive archive, BackupCatalog catalog, string source, TimeProvider time)
{
    /// <summary>Resolves a point; null is the latest backup.</summary>
    /// <param name="point">The point.</param>
    /// <param name="threads">The threads that are asked for, null for all; a checkpoint is looked for in the only one.</param>
    /// <param name="ns">The checkpoint's namespace.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="BackupException">
    /// NotFound: nothing is as old, no backup holds the checkpoint, or the point lies in a gap of the log. Usage: the point says nothing about
    /// this source. Damage: a seal or manifest cannot be read, so which is the newest is unknown.
    /// </exception>
    public async Task<ResolvedPoint> ResolveAsync(RecoveryPoint? point, IReadOnlyList<string>? threads, string ns, CancellationToken cancellation)
    {
        if (point is null) return await BackupAsync(await catalog.LatestAsync(source, cancellation), cancellation);
        var log = await LogCatalog.LoadAsync(archive, catalog, source, cancellation);
        if (point is { CheckpointId: { } checkpoint })
        {
            if (threads is not [var thread]) throw new BackupException(ErrorKind.Usage, "a checkpoint is a point of one thread", "Name the thread with --thread.");
            ResolvedPoint? logged;
            try
            {
                logged = await LoggedAsync(log, checkpoint, ns, thread, cancellation);
            }
            catch (DamageException) when (log.HasLevels)
            {
                logged = await LoggedAsync(await LogCatalog.LoadAsync(archive, catalog, source, cancellation, levels: false), checkpoint, ns, thread, cancellation);
            }
            return logged ?? new(archive, await HoldingAsync(checkpoint, ns, thread, cancellation), null);
        }
        if (await TargetAsync(log, point.Value, cancellation) is { } target) return await DeriveAsync(target, threads, cancellation);
        var found = point is { Position: { } position }
            ? await AtPositionAsync(position, point.Value, await catalog.LatestAsync(source, cancellation), cancellation) : await AtTimeAsync(point.Value, cancellation);
        return await BackupAsync(found, cancellation);
    }

    // Where a log was kept, its word counts: a moment it does not cover is refused, unless it lies before the log or a backup came after it.
    private async Task<LogTarget?> TargetAsync(LogCatalog log, RecoveryPoint point, CancellationToken cancellation)
    {
        if (log.Recoverable.FirstOrDefault() is not { } first) return null;
        if (point is { Position: { } position }) return position < log.FirstPosition || await IsBehindAsync(log, b => PositionOf(b) <= position) ? null : LogTarget.At(position, log);
        return point.Time < first.From || await IsBehindAsync(log, b => b.Source.CutTime <= point.Time) ? null : LogTarget.At(point.Time!.Value, log);

        async Task<bool> IsBehindAsync(LogCatalog covered, Func<BackupManifest, bool> reaches)
        {
            await foreach (var backup in catalog.OfSourceAsync(source, cancellation))
                if (backup.Source.CutTime > covered.Stretches[^1].Until && reaches(backup)) return true;
            return false;
        }
    }

    // The checkpoint as the thread was just before it was decided; where the log does not show that, as its last moment has it.
    private async Task<ResolvedPoint?> LoggedAsync(LogCatalog log, string checkpoint, string ns, string thread, CancellationToken cancellation)
    {
        if (await LastAsync() is not var (newest, facts)) return null;
        try
        {
            foreach (var stretch in log.Stretches)
            {
                if (await new CheckpointDecision(archive, thread, facts).FindAsync(stretch, cancellation) is not { } decided) continue;
                if (LogTarget.JustBefore(decided, stretch, log) is not { } before || await HoldingAsync(before) is not var (undecided, _)) break;
                newest.Dispose();
                return undecided;
            }
            return newest;
        }
        catch
        {
            newest.Dispose();
            throw;
        }

        // The newest moment that has it: one that was taken away since is there just before.
        async Task<(ResolvedPoint Point, CheckpointFacts Facts)?> LastAsync()
        {
            if (LogTarget.Newest(log) is { } end && await HoldingAsync(end) is { } there) return there;
            foreach (var life in (await ThreadTimeline.ReadAsync(archive, log, thread, cancellation)).Where(l => l.Checkpoint.Namespace == ns && l.Checkpoint.CheckpointId == checkpoint).Reverse())
                if (LogTarget.JustBefore(life.Gone?.Position ?? life.Stretch.To, life.Stretch, log) is { } last && await HoldingAsync(last) is { } held) return held;
            return null;
        }

        async Task<(ResolvedPoint Point, CheckpointFacts Facts)?> HoldingAsync(LogTarget moment)
        {
            var point = await DeriveAsync(moment, [thread], cancellation);
            var content = new ThreadContent(point.Archive, point.Chain);
            if (await content.FindAsync(thread, cancellation) is { } unit && await content.CheckpointAsync(unit, ns, checkpoint, cancellation) is { } facts) return (point, facts);
            point.Dispose();
            return null;
        }
    }

    private async Task<ResolvedPoint> DeriveAsync(LogTarget target, IReadOnlyList<string>? threads, CancellationToken cancellation)
    {
        PointInTime derived;
        try
        {
            derived = await PointInTime.DeriveAsync(archive, catalog, target, threads, time, cancellation);
        }
        catch (DamageException damage) when (target.IsOfLevel(damage))
        {
            // The ticks themselves say the same, and are read in its place.
            var log = await LogCatalog.LoadAsync(archive, catalog, source, cancellation, levels: false);
            derived = await PointInTime.DeriveAsync(archive, catalog, target with { Stretch = log.Stretches.First(s => s.From == target.Stretch.From && s.To >= target.Stretch.To) }, threads, time, cancellation);
        }
        return new(derived.Archive, derived.Chain, derived);
    }

    private async Task<ResolvedPoint> BackupAsync(BackupManifest backup, CancellationToken cancellation) => new(archive, await BackupChain.LoadAsync(catalog, backup, cancellation), null);

    private async Task<BackupManifest> AtTimeAsync(RecoveryPoint point, CancellationToken cancellation)
    {
        BackupManifest? found = null, first = null;
        await foreach (var backup in catalog.OfSourceAsync(source, cancellation))
        {
            if (first is null || backup.Source.Until < first.Source.Until) first = backup;
            // By the cut: when a slow one ended is known to be no later than said, so one after it may end before that.
            if (backup.Source.Until <= point.Time && (found is null || backup.Source.CutTime > found.Source.CutTime)) found = backup;
        }
        return found ?? throw new BackupException(ErrorKind.NotFound, $"the first backup of '{source}' is true for {RecoveryPoint.At(first!.Source.Until)}, which is after {point}",
            $"Nothing older was kept. The first possible point is --at {RecoveryPoint.At(first.Source.Until)}.");
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
            if (await content.CheckpointAsync(unit, ns, checkpoint, cancellation) is not null) return chain;
            looked = unit.Summary;
        }
        throw new BackupException(ErrorKind.NotFound, $"no backup of '{source}' holds checkpoint '{checkpoint}' of namespace '{ns}' in thread '{thread}'",
            $"'backup thread history --source {source} --thread ID' lists the checkpoints there are, with their namespaces.");
    }

    private static ulong? PositionOf(BackupManifest backup) => LogPosition.Read(backup.Source.CutPosition);

    private BackupException Unknown(string what) =>
        new(ErrorKind.Usage, what, $"Name a time, or a backup: 'backup list --source {source}' shows them with their times and positions.");
}

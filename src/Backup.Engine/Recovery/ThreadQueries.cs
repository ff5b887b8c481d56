using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.Chains;
using Backup.Engine.ChangeLog;
using Backup.Engine.Stores;
using Backup.Engine.Units;

namespace Backup.Engine.Recovery;

/// <summary>Looks at one thread at the points it can be recovered to, without restoring it.</summary>
public sealed class ThreadQueries(IArchives archives, LastSeen lastSeen, TimeProvider time)
{
    /// <summary>The thread's state at a point.</summary>
    /// <exception cref="BackupException">NotFound: nothing is as old, or the thread or checkpoint is not there. Usage: it is no point, or the request contradicts itself.</exception>
    public async Task<StateView> StateAsync(ThreadStateRequest request, CancellationToken cancellation)
    {
        ThreadRules.Check(request);
        var (archive, catalog) = await OpenAsync(request.Archive, cancellation);
        var point = request.At is { } at ? RecoveryPoint.Parse(at) : (RecoveryPoint?)null;
        return await Replanning.RunAsync(catalog, () => StateAsync(archive, catalog, request, point, cancellation));
    }

    private async Task<StateView> StateAsync(OpenedArchive archive, BackupCatalog catalog, ThreadStateRequest request, RecoveryPoint? point, CancellationToken cancellation)
    {
        using var thread = await ThreadAtPoint.FindAsync(archive, catalog, request.Source, request.Thread, point, request.Namespace, time, cancellation);
        if (!thread.Exists)
            throw new BackupException(ErrorKind.NotFound, $"thread '{request.Thread}' is not in backup {thread.Backup.BackupId}, which is true for {RecoveryPoint.At(thread.Backup.Source.CutTime)}", Elsewhere(request.Source));
        var (state, namespaces) = await ThreadStateReader.ReadAsync(thread, request.Thread, request.Namespace, request.Checkpoint ?? thread.Checkpoint, cancellation);
        return state ?? throw new BackupException(ErrorKind.NotFound,
            $"{(request.Checkpoint is { } id ? $"checkpoint '{id}'" : "a checkpoint")} of namespace '{request.Namespace}' is not in thread '{request.Thread}' of backup {thread.Backup.BackupId}",
            namespaces.Count == 0 ? "The thread has no checkpoint at all." : $"{Elsewhere(request.Source)} Its checkpoints are of {string.Join(", ", namespaces.Take(10).Select(n => $"'{n}'"))}{(namespaces.Count > 10 ? " and others" : "")}.");
    }

    /// <summary>What changed in the thread between two points.</summary>
    /// <exception cref="BackupException">NotFound: nothing is as old, or the thread is at neither point. Usage: one is no point.</exception>
    public async Task<ThreadDifference> DifferenceAsync(ThreadDifferenceRequest request, CancellationToken cancellation)
    {
        var (archive, catalog) = await OpenAsync(request.Archive, cancellation);
        var (earlier, later) = (RecoveryPoint.Parse(request.From), request.To is { } at ? RecoveryPoint.Parse(at) : (RecoveryPoint?)null);
        return await Replanning.RunAsync(catalog, () => DifferenceAsync(archive, catalog, request, earlier, later, cancellation));
    }

    private async Task<ThreadDifference> DifferenceAsync(OpenedArchive archive, BackupCatalog catalog, ThreadDifferenceRequest request, RecoveryPoint earlier, RecoveryPoint? later, CancellationToken cancellation)
    {
        using var from = await AtAsync(earlier);
        using var to = await AtAsync(later);
        if (!from.Exists && !to.Exists)
            throw new BackupException(ErrorKind.NotFound, $"thread '{request.Thread}' is neither in backup {from.Backup.BackupId} nor in {to.Backup.BackupId}", Elsewhere(request.Source));
        return await ThreadComparison.RunAsync(request.Thread, from, to, cancellation);

        Task<ThreadAtPoint> AtAsync(RecoveryPoint? point) => ThreadAtPoint.FindAsync(archive, catalog, request.Source, request.Thread, point, "", time, cancellation);
    }

    /// <summary>Every checkpoint of the thread that a backup or the change log of the source holds, newest first in each namespace, the root first.</summary>
    /// <exception cref="BackupException">NotFound: none holds the thread.</exception>
    public async Task<IReadOnlyList<CheckpointView>> HistoryAsync(string archive, string source, string thread, CancellationToken cancellation)
    {
        var (opened, catalog) = await OpenAsync(archive, cancellation);
        return await Replanning.RunAsync(catalog, () => HistoryAsync(opened, catalog, source, thread, cancellation));
    }

    private static async Task<IReadOnlyList<CheckpointView>> HistoryAsync(OpenedArchive opened, BackupCatalog catalog, string source, string thread, CancellationToken cancellation)
    {
        var checkpoints = new Dictionary<(string Ns, string Id), CheckpointView>();
        IReadOnlyList<CheckpointView> held = [];
        byte[]? summary = null;
        string? latest = null;
        await foreach (var backup in catalog.OfSourceAsync(source, cancellation))
        {
            latest ??= backup.BackupId;
            var chain = await BackupChain.LoadAsync(catalog, backup, cancellation);
            if (await new ThreadContent(opened, chain).FindAsync(thread, cancellation) is not { } unit) continue;
            // Most backups hold the thread as the one after them does: it is read once for each content.
            if (!unit.Summary.AsSpan().SequenceEqual(summary)) (held, summary) = (await new ThreadBrowser(opened, chain).HistoryAsync(thread, cancellation), unit.Summary);
            foreach (var checkpoint in held)
            {
                var key = (checkpoint.Namespace, checkpoint.CheckpointId);
                var known = checkpoints.GetValueOrDefault(key) ?? checkpoint with { LastBackupId = backup.BackupId, LastCutTime = backup.Source.CutTime, InLatest = backup.BackupId == latest };
                checkpoints[key] = known with { FirstBackupId = backup.BackupId, FirstCutTime = backup.Source.CutTime };
            }
        }
        foreach (var logged in await LoggedAsync(opened, catalog, source, thread, cancellation))
        {
            var (facts, key) = (logged.Checkpoint, (logged.Checkpoint.Namespace, logged.Checkpoint.CheckpointId));
            var known = checkpoints.GetValueOrDefault(key) ?? ThreadBrowser.View(facts);
            checkpoints[key] = known with { LoggedFrom = known.LoggedFrom ?? logged.Came.Time, LoggedUntil = logged.Gone?.Time };
        }
        if (summary is null && checkpoints.Count == 0)
            throw new BackupException(ErrorKind.NotFound, $"no backup of '{source}' holds thread '{thread}'", $"'backup thread list --source {source}' shows the threads there are.");
        return [.. checkpoints.Values.OrderBy(c => c.Namespace, StringComparer.Ordinal).ThenByDescending(c => c.CheckpointId, StringComparer.Ordinal)];
    }

    // A level that is damaged is read as the ticks it was made of.
    private static async Task<IReadOnlyList<LoggedCheckpoint>> LoggedAsync(OpenedArchive archive, BackupCatalog catalog, string source, string thread, CancellationToken cancellation)
    {
        var log = await LogCatalog.LoadAsync(archive, catalog, source, cancellation);
        try
        {
            return await ThreadTimeline.ReadAsync(archive, log, thread, cancellation);
        }
        catch (DamageException) when (log.HasLevels)
        {
            return await ThreadTimeline.ReadAsync(archive, await LogCatalog.LoadAsync(archive, catalog, source, cancellation, levels: false), thread, cancellation);
        }
    }

    // The newest at a point, and the latest, of an archive that was rolled back is an older one.
    private async Task<(OpenedArchive Archive, BackupCatalog Catalog)> OpenAsync(string name, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(name, cancellation);
        var catalog = await BackupCatalog.LoadAsync(archive, cancellation);
        if (lastSeen.Check(archive, catalog.Chain) is [var gone, ..]) throw gone;
        return (archive, catalog);
    }

    private static string Elsewhere(string source) => $"'backup thread history --source {source} --thread ID' lists where it can be recovered from.";
}

using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Engine.Chains;
using Backup.Engine.Stores;

namespace Backup.Engine.Recovery;

/// <summary>How named threads stand in what was captured: read once for all of them.</summary>
public sealed class ThreadCaptures(IArchives archives, TimeProvider time)
{
    /// <summary>The threads as a backup holds them.</summary>
    public async Task<IReadOnlyDictionary<string, ThreadCapture>> InBackupAsync(string archive, string backup, IReadOnlyCollection<string> threads, CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var catalog = await BackupCatalog.LoadAsync(opened, cancellation);
        var manifest = await catalog.ReadManifestAsync(catalog.Find(backup), cancellation);
        return await Replanning.RunAsync(catalog, async () =>
            await ReadAsync(new ThreadBrowser(opened, await BackupChain.LoadAsync(catalog, manifest, cancellation)), manifest.Source, backup, threads, cancellation));
    }

    /// <summary>The threads as a source's change log has them with everything below a position.</summary>
    /// <returns>Null when the log does not cover that place.</returns>
    public async Task<IReadOnlyDictionary<string, ThreadCapture>?> InLogAsync(string archive, string source, ulong position, IReadOnlyCollection<string> threads, CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var catalog = await BackupCatalog.LoadAsync(opened, cancellation);
        var log = await LogCatalog.LoadAsync(opened, catalog, source, cancellation);
        // A gap that was declared since may lie there; and a store that was set back has positions twice.
        var last = RecoveryPoint.Parse(LogPosition.ToText(position - 1));
        if (log.Stretches.Where(s => s.From < position && position <= s.To).ToList() is not [var stretch] || stretch != log.Stretches[^1] || log.BaseBefore(stretch, position - 1) is null) return null;
        return await Replanning.RunAsync(catalog, async () =>
        {
            using var resolved = await new RecoveryPoints(opened, catalog, source, time).ResolveAsync(last, [.. threads], "", cancellation);
            var moment = resolved.Chain.Newest.Source with { CutPosition = last.ToString() };
            return await ReadAsync(new ThreadBrowser(resolved.Archive, resolved.Chain), moment, null, threads, cancellation);
        });
    }

    /// <summary>A thread as something that was captured has it.</summary>
    /// <param name="cut">What was captured.</param>
    /// <param name="backup">The backup, or null for a moment of a change log.</param>
    /// <param name="view">The thread in it, or null.</param>
    internal static ThreadCapture Of(ManifestSource cut, string? backup, ThreadView? view) => new()
    {
        BackupId = backup, Position = cut.CutPosition, Time = cut.CutTime, Exists = view is not null, Checkpoints = view?.Checkpoints ?? 0, Digest = view?.Digest,
    };

    private static async Task<IReadOnlyDictionary<string, ThreadCapture>> ReadAsync(
        ThreadBrowser browser, ManifestSource cut, string? backup, IReadOnlyCollection<string> threads, CancellationToken cancellation)
    {
        var captures = new Dictionary<string, ThreadCapture>(StringComparer.Ordinal);
        await foreach (var (thread, view) in browser.FindAsync(threads, cancellation)) captures[thread] = Of(cut, backup, view);
        return captures;
    }
}

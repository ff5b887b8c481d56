using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Engine.Chains;
using Backup.Engine.Stores;

namespace Backup.Engine.Recovery;

/// <summary>
/// What an archive holds of one thread, from its index: made anew from nothing, and advanced by what was sealed since. Looks at each backup once.
/// Safe for concurrent use.
/// </summary>
public sealed class ThreadRecord(IArchives archives, string archive, string source, string thread, TimeProvider time)
{
    private volatile Dictionary<string, ThreadView?> known = new(StringComparer.Ordinal);

    /// <summary>Advances, and tells. What is pending is unknown: an archive cannot know.</summary>
    public async Task<ThreadDelta> AdvanceAsync(CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var catalog = await BackupCatalog.LoadAsync(opened, cancellation);
        var seen = new Dictionary<string, ThreadView?>(StringComparer.Ordinal);
        var holding = new List<ThreadView>();
        ThreadCapture? captured = null;
        await foreach (var manifest in catalog.OfSourceAsync(source, cancellation))
        {
            if (!known.TryGetValue(manifest.BackupId, out var view))
                view = await Replanning.RunAsync(catalog, async () => await new ThreadBrowser(opened, await BackupChain.LoadAsync(catalog, manifest, cancellation)).FindAsync(thread, cancellation));
            seen[manifest.BackupId] = view;
            if (view is not null) holding.Add(view);
            // The first is the newest.
            captured ??= ThreadCaptures.Of(manifest.Source, manifest.BackupId, view);
        }
        known = seen;
        if (await LogAsync() is { } place && (captured is null || place.Time > captured.Time)) captured = new() { Position = place.Position, Time = place.Time };
        return new()
        {
            Source = source, Archive = archive, ThreadId = thread, Captured = captured, Backups = holding,
            Pending = new(PendingState.Unknown, captured?.Time, LogQueries.Lag(captured?.Time, time)),
        };

        async Task<LogPlace?> LogAsync() =>
            LogTarget.Newest(await LogCatalog.LoadAsync(opened, catalog, source, cancellation)) is { } newest ? new(LogPosition.ToText(newest.Before), newest.Time) : null;
    }
}

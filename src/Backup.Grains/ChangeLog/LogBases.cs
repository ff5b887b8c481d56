using Backup.Archive.Catalog;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Stores;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.ChangeLog;

/// <summary>Sees to it that every stretch of a log has a backup it can be recovered from.</summary>
internal sealed class LogBases(FollowedSource followed, IArchives archives, LogBackups backups, LogProgress progress, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private readonly Pause pause = new(LongestPause);
    private volatile Finding? found;

    private string Source => followed.Options.Source;

    /// <summary>True while the newest stretch has no backup; null while that is not known.</summary>
    public bool? Needed => found is { } known && known.Stretch == progress.Stretch ? known.Missing : null;

    /// <summary>Looks after the stretches until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        for (; ; await Task.Delay(Look, time, cancellation))
        {
            if (progress.Stretch is not { } stretch || Needed == false) continue;
            string? why = null;
            try
            {
                found = new(stretch, Missing: !await IsThereAsync(stretch, cancellation));
                if (found.Missing) why = await TakeAsync(stretch, cancellation);
                else pause.Reset();
                if (why is null) continue;
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                why = error.Message;
            }
            var wait = pause.Next();
            ChangeLogLog.NoBase(logger, Source, why, wait.TotalSeconds);
            await Task.Delay(wait, time, cancellation);
        }
    }

    private async Task<bool> IsThereAsync(ulong stretch, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(followed.Archive, cancellation);
        var log = await LogCatalog.LoadAsync(archive, await BackupCatalog.LoadAsync(archive, cancellation), Source, cancellation);
        return log.Stretches is [.., var newest] && newest.From == stretch && log.BaseBefore(newest, newest.To) is not null;
    }

    // Makes a backup and waits for the log to come to its position: before that it is of no use. Returns why it is none, or null.
    private async Task<string?> TakeAsync(ulong stretch, CancellationToken cancellation)
    {
        var backup = await backups.TakeAsync(run => ChangeLogLog.BaseBegun(logger, Source, run), cancellation);
        if (LogPosition.Read(backup.CutPosition) is not { } position) return $"backup {backup.BackupId} has no position in the source's log";
        progress.Wanted = Math.Max(progress.Wanted, position);
        while (progress.Stretch == stretch && progress.LastClosed!.Marker.To < position) await Task.Delay(Look, time, cancellation);
        return progress.Stretch != stretch || await IsThereAsync(stretch, cancellation) ? null : $"backup {backup.BackupId} is not one it can build on";
    }

    private sealed record Finding(ulong Stretch, bool Missing);
}

using Backup.Archive.Catalog;
using Backup.Contracts;
using Backup.Engine.Stores;

namespace Backup.Engine.ChangeLog;

/// <summary>What an archive says of a source's change log, whether anybody keeps it now or not.</summary>
public sealed class LogQueries(IArchives archives, TimeProvider time)
{
    /// <summary>Reads every marker of the log and every backup of the source.</summary>
    /// <returns>Without a last tick where the archive has no log of that source. The state is unknown.</returns>
    public async Task<LogStatus> StatusAsync(string archive, string source, CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var log = await LogCatalog.LoadAsync(opened, await BackupCatalog.LoadAsync(opened, cancellation), source, cancellation);
        var head = log.Chain.Head?.Marker;
        return new()
        {
            Source = source, Archive = archive, Recoverable = [.. log.Recoverable], Gaps = [.. log.Gaps], Epoch = head?.Epoch ?? 0, LagSeconds = Lag(head?.SourceTime, time),
            LastClosed = head is null ? null : new(LogPosition.ToText(head.To), head.SourceTime), NeedsBase = log.Stretches is [.., var newest] ? log.BaseBefore(newest, newest.To) is null : null,
        };
    }

    /// <summary>Seconds since a time by the source's clock, which may be a little ahead of ours.</summary>
    public static double? Lag(DateTimeOffset? closed, TimeProvider time) => closed is { } at ? Math.Max(0, Math.Round((time.GetUtcNow() - at).TotalSeconds, 3)) : null;
}

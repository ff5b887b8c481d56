using System.Diagnostics;
using Backup.Archive.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Hosting.Archives;

namespace Backup.Live.Losses;

/// <summary>Reads the log in the archive, as <c>backup log status</c> does, each second.</summary>
internal sealed class LogWatcher : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly List<double> lags = [];
    private readonly ArchiveOpener archives;
    private readonly Task work;
    private volatile Report reported = new(0, Stopwatch.GetTimestamp());

    private LogWatcher(ArchiveOpener archives)
    {
        this.archives = archives;
        work = Task.Run(WorkAsync);
    }

    /// <summary>The lag that was reported last.</summary>
    public Report Reported => reported;

    /// <summary>Every lag that was reported.</summary>
    public IReadOnlyList<double> Lags
    {
        get
        {
            lock (lags) return [.. lags];
        }
    }

    public static LogWatcher Start(ArchiveOpener archives) => new(archives);

    public async Task<LogCatalog> LoadAsync()
    {
        var archive = await archives.OpenAsync("main", default);
        return await LogCatalog.LoadAsync(archive, await BackupCatalog.LoadAsync(archive, default), "prod", default);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task WorkAsync()
    {
        var queries = new LogQueries(archives, TimeProvider.System);
        for (; ; await Task.Delay(1000, stop.Token))
        {
            var at = Stopwatch.GetTimestamp();
            if ((await queries.StatusAsync("main", "prod", stop.Token)).LagSeconds is not { } lag) continue;
            reported = new(lag, at);
            lock (lags) lags.Add(lag);
        }
    }

    internal sealed record Report(double Lag, long At);
}

using System.Runtime.CompilerServices;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Catalog;
using Backup.Engine.Restore;
using Backup.Engine.Verify;
using Backup.Hosting.Archives;
using Backup.Hosting.Configuration;
using Backup.Hosting.Stores;
using Backup.Storage;

namespace Backup.Cli.Runners;

/// <summary>The engine in this process: no cluster, no database of ours.</summary>
internal sealed class LocalRunner(BackupOptions options, ArchiveOpener archives, ICheckpointStores stores, TimeProvider time) : IBackupRunner
{
    private readonly LocalRuns runs = new(options.StateFolder, time);
    private readonly LastSeen lastSeen = new(Path.Combine(options.StateFolder, "last-seen"));

    public Task<ArchiveInitReport> InitArchiveAsync(string archive, CancellationToken cancellation) => archives.InitAsync(archive, cancellation);

    public async Task<ArchiveCheckReport> CheckArchiveAsync(string archive, CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var progress = new Engine.Progress.RunProgress(Admit(RunKind.Backup, "", archive), time);
        var report = await new ArchiveVerifier(opened, lastSeen, time).RunAsync(new() { Archive = archive }, null, progress, cancellation);
        return await ArchiveStock.TakeAsync(archive, opened, report, time, cancellation);
    }

    public async Task<RunStatus> CreateAsync(BackupRequest request, bool detach, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        if (detach) throw new BackupException(ErrorKind.Usage, "a backup in this process cannot be detached from it", "Configure Backup:Cluster, or leave --detach out.");
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        await using var source = await stores.OpenSourceAsync(request.Source, cancellation);
        return await ExecuteAsync(Admit(RunKind.Backup, request.Source, request.Archive), progress, async (run, token) =>
        {
            await new BackupRun(archive, source, request, Owner, options.Workers, time).RunAsync(run, token);
            lastSeen.Remember(archive, await SealChain.LoadAsync(archive, CancellationToken.None));
        }, cancellation);
    }

    public async Task<IReadOnlyList<BackupSummary>> ListAsync(string archive, string? source, CancellationToken cancellation)
    {
        var catalog = await CatalogAsync(archive, cancellation);
        // A list with a hole in it must not look whole.
        if (catalog.Chain.Problems is [var damage, ..]) throw damage;
        var list = new List<BackupSummary>();
        foreach (var link in catalog.Sealed) list.Add(Summaries.Of(await catalog.ReadManifestAsync(link, cancellation)));
        return [.. list.Where(backup => source is null || backup.Source == source)];
    }

    public async Task<BackupSummary> ShowAsync(string archive, string backup, CancellationToken cancellation)
    {
        var catalog = await CatalogAsync(archive, cancellation);
        return Summaries.Of(await catalog.ReadManifestAsync(catalog.Find(backup), cancellation));
    }

    public async Task<VerifyReport> VerifyAsync(VerifyRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        await using var against = request.Against is { } store ? await stores.OpenSourceAsync(store, cancellation) : null;
        await using var ticker = new ProgressTicker(Admit(RunKind.Backup, request.Against ?? "", request.Archive), progress, time);
        return await new ArchiveVerifier(archive, lastSeen, time).RunAsync(request, against, ticker.Progress, cancellation);
    }

    public async Task<RestorePlan> PlanAsync(RestoreRequest request, CancellationToken cancellation)
    {
        var archive = await ForRestoreAsync(request, cancellation);
        await using var target = await stores.OpenTargetAsync(request.Target, cancellation);
        return await new RestoreRun(archive, target, request, time).PlanAsync(cancellation);
    }

    public async Task<RestoreReport> RestoreAsync(RestoreRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        var archive = await ForRestoreAsync(request, cancellation);
        await using var target = await stores.OpenTargetAsync(request.Target, cancellation);
        var work = new RestoreRun(archive, target, request, time);
        var last = await ExecuteAsync(Admit(RunKind.Restore, request.Target, request.Archive), progress, (run, token) => work.RunAsync(run, token), cancellation);
        return last.Restore!;
    }

    public async IAsyncEnumerable<ThreadView> ListThreadsAsync(string archive, string source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var latest = await (await BackupCatalog.LoadAsync(opened, cancellation)).LatestAsync(source, cancellation);
        await foreach (var thread in new ThreadBrowser(opened, latest).ListAsync(cancellation)) yield return thread;
    }

    public async Task<IReadOnlyList<ThreadView>> ShowThreadAsync(string archive, string source, string thread, CancellationToken cancellation)
    {
        var views = new List<ThreadView>();
        await foreach (var browser in BrowsersAsync(archive, source, cancellation))
            if (await FoundAsync(() => browser.ShowAsync(thread, cancellation)) is { } view) views.Add(view);
        return views.Count > 0 ? views : throw NoThread(thread, source);
    }

    public async Task<IReadOnlyList<CheckpointView>> HistoryAsync(string archive, string source, string thread, CancellationToken cancellation)
    {
        await foreach (var browser in BrowsersAsync(archive, source, cancellation))
            if (await FoundAsync(() => browser.HistoryAsync(thread, cancellation)) is { } history) return history;
        throw NoThread(thread, source);
    }

    public Task<IReadOnlyList<RunStatus>> ListRunsAsync(CancellationToken cancellation) => Task.FromResult(runs.List());

    public Task<RunStatus> ShowRunAsync(string run, CancellationToken cancellation) => Task.FromResult(runs.Show(run));

    public IAsyncEnumerable<RunStatus> WatchRunAsync(string run, CancellationToken cancellation) => runs.WatchAsync(run, cancellation);

    public Task<RunStatus> CancelRunAsync(string run, CancellationToken cancellation) => Task.FromResult(runs.Cancel(run));

    public ValueTask DisposeAsync() => default;

    private static string Owner => $"{Environment.MachineName}/{Environment.ProcessId}";

    private async Task<BackupCatalog> CatalogAsync(string archive, CancellationToken cancellation) =>
        await BackupCatalog.LoadAsync(await archives.OpenAsync(archive, cancellation), cancellation);

    // "The latest" of an archive that was rolled back is an older one: that is refused, while a backup named by its id is what it says.
    private async Task<OpenedArchive> ForRestoreAsync(RestoreRequest request, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        if (request.BackupId is null && lastSeen.Check(archive, await SealChain.LoadAsync(archive, cancellation)) is [var gone, ..]) throw gone;
        return archive;
    }

    private Task<RunStatus> ExecuteAsync(RunStatus first, IProgress<RunStatus> watcher, Func<Engine.Progress.RunProgress, CancellationToken, Task> work, CancellationToken cancellation) =>
        runs.ExecuteAsync(first, watcher, async (report, token) =>
        {
            await using var ticker = new ProgressTicker(first, report, time);
            await work(ticker.Progress, token);
            return ticker.Progress.Snapshot();
        }, cancellation);

    private RunStatus Admit(RunKind kind, string store, string archive)
    {
        var now = time.GetUtcNow();
        return new() { RunId = RunId.New(now).Value, Kind = kind, Store = store, Archive = archive, Started = now, Updated = now, Advanced = now, Epoch = 1 };
    }

    // The backups of a source, newest first.
    private async IAsyncEnumerable<ThreadBrowser> BrowsersAsync(string archive, string source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var opened = await archives.OpenAsync(archive, cancellation);
        var catalog = await BackupCatalog.LoadAsync(opened, cancellation);
        if (catalog.Chain.Problems is [var damage, ..]) throw damage;
        foreach (var link in catalog.Sealed.OrderByDescending(link => link.Seal.Run, StringComparer.Ordinal))
        {
            var manifest = await catalog.ReadManifestAsync(link, cancellation);
            if (manifest.Source.Name == source) yield return new(opened, manifest);
        }
    }

    private static async Task<T?> FoundAsync<T>(Func<Task<T>> look) where T : class
    {
        try
        {
            return await look();
        }
        catch (BackupException error) when (error.Kind == ErrorKind.NotFound && error is not ObjectNotFoundException) // that would be damage
        {
            return null;
        }
    }

    private static BackupException NoThread(string thread, string source) =>
        new(ErrorKind.NotFound, $"no backup of '{source}' holds thread '{thread}'", $"'backup thread list --source {source}' shows the threads there are.");
}

using Backup.Archive.Catalog;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Engine.Collection;
using Backup.Engine.Compaction;
using Backup.Engine.Progress;
using Backup.Engine.Recovery;
using Backup.Engine.Restore;
using Backup.Engine.Stores;
using Backup.Hosting.Archives;
using Backup.Hosting.Configuration;

namespace Backup.Cli.Runners;

/// <summary>The engine in this process: no cluster, no database of ours.</summary>
internal sealed class LocalRunner : IBackupRunner
{
    private readonly BackupOptions options;
    private readonly IArchives archives;
    private readonly ICheckpointStores stores;
    private readonly TimeProvider time;
    private readonly LocalRuns runs;
    private readonly LastSeen lastSeen;
    private readonly ArchiveQueries queries;
    private readonly ThreadQueries threads;
    private readonly LogQueries logs;
    private readonly CutVectors vectors;
    private readonly ArchiveCompaction compaction;

    public LocalRunner(BackupOptions options, IArchives archives, ICheckpointStores stores, TimeProvider time)
    {
        this.options = options;
        this.archives = archives;
        this.stores = stores;
        this.time = time;
        runs = new(options.StateFolder, time);
        lastSeen = new(Path.Combine(options.StateFolder, "last-seen"));
        queries = new(archives, stores, lastSeen, time);
        threads = new(archives, lastSeen, time);
        logs = new(archives, time);
        vectors = new(archives, lastSeen, time);
        compaction = new(archives, lastSeen, time);
    }

    public Task<ArchiveInitReport> InitArchiveAsync(string archive, CancellationToken cancellation) => archives.InitAsync(archive, cancellation);

    public Task<ArchiveCheckReport> CheckArchiveAsync(string archive, CancellationToken cancellation) => queries.CheckAsync(archive, cancellation);

    public async Task<ArchiveRewrapReport> RewrapArchiveAsync(RewrapRequest request, CancellationToken cancellation)
    {
        // Opened first: who cannot open the archive makes no key for it.
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        var (key, made) = ArchiveKeys.ReadNew(request);
        var (added, removed) = await archive.Keys.RewrapAsync(archive.Storage, key, request.RemoveOthers, cancellation);
        return new() { Archive = request.Archive, Location = archive.Storage.Location, Added = added, Removed = removed, KeyFileMade = made };
    }

    public Task<CollectReport> CollectAsync(CollectRequest request, CancellationToken cancellation) => new ArchiveCollection(archives, lastSeen, time).RunAsync(request, cancellation);

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

    public Task<CutVector> SealVectorAsync(CutVectorRequest request, CancellationToken cancellation) => vectors.SealAsync(request, cancellation);

    public Task<IReadOnlyList<CutVector>> VectorsAsync(string archive, CancellationToken cancellation) => vectors.ListAsync(archive, cancellation);

    public async Task<CompactReport> CompactAsync(CompactRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        var first = Admit(RunKind.Compaction, request.Source, request.Archive);
        if (!request.DryRun) return (await ExecuteAsync(first, progress, (run, token) => compaction.RunAsync(request, Owner, run, token), cancellation)).Compaction!;
        await using var ticker = new ProgressTicker(first, progress, time);
        return await compaction.RunAsync(request, Owner, ticker.Progress, cancellation);
    }

    public Task<IReadOnlyList<BackupSummary>> ListAsync(string archive, string? source, CancellationToken cancellation) => queries.ListAsync(archive, source, cancellation);

    public Task<BackupSummary> ShowAsync(string archive, string backup, CancellationToken cancellation) => queries.ShowAsync(archive, backup, cancellation);

    public async Task<VerifyReport> VerifyAsync(VerifyRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        await using var ticker = new ProgressTicker(Admit(RunKind.Backup, request.Against ?? "", request.Archive), progress, time);
        return await queries.VerifyAsync(request, ticker.Progress, cancellation);
    }

    public Task<RestorePlan> PlanAsync(RestoreRequest request, CancellationToken cancellation) => queries.PlanAsync(request, cancellation);

    public async Task<RestoreReport> RestoreAsync(RestoreRequest request, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        var archive = await queries.ForRestoreAsync(request, cancellation);
        await using var target = await stores.OpenTargetAsync(request.Target, cancellation);
        var work = new RestoreRun(archive, target, request, time);
        var last = await ExecuteAsync(Admit(RunKind.Restore, request.Target, request.Archive), progress, (run, token) => work.RunAsync(run, token), cancellation);
        return last.Restore!;
    }

    public IAsyncEnumerable<ThreadView> ListThreadsAsync(string archive, string source, CancellationToken cancellation) => queries.ListThreadsAsync(archive, source, cancellation);

    public Task<ThreadDelta> ShowThreadAsync(string archive, string source, string thread, CancellationToken cancellation) =>
        new ThreadRecord(archives, archive, source, thread, time).AdvanceAsync(cancellation);

    public async Task<ThreadCapture> BackUpThreadAsync(string archive, string source, string thread, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        var run = await CreateAsync(new() { Source = source, Archive = archive, Strategy = BackupStrategyKind.Incremental }, detach: false, progress, cancellation);
        return (await new ThreadCaptures(archives, time).InBackupAsync(archive, run.RunId, [thread], cancellation))[thread];
    }

    public Task<IReadOnlyList<CheckpointView>> HistoryAsync(string archive, string source, string thread, CancellationToken cancellation) =>
        threads.HistoryAsync(archive, source, thread, cancellation);

    public Task<StateView> ThreadStateAsync(ThreadStateRequest request, CancellationToken cancellation) => threads.StateAsync(request, cancellation);

    public Task<ThreadDifference> ThreadDifferenceAsync(ThreadDifferenceRequest request, CancellationToken cancellation) => threads.DifferenceAsync(request, cancellation);

    public async Task<LogStatus> LogStatusAsync(string? archive, string source, CancellationToken cancellation)
    {
        var name = archive ?? options.LogArchive(source) ?? options.ArchiveName(null);
        var status = await logs.StatusAsync(name, source, cancellation);
        return status.LastClosed is null && options.Sources.GetValueOrDefault(source) is not { Log.Enabled: true } ? throw NoLog.Error(source, name) : status;
    }

    public Task<IReadOnlyList<RunStatus>> ListRunsAsync(CancellationToken cancellation) => Task.FromResult(runs.List());

    public Task<RunStatus> ShowRunAsync(string run, CancellationToken cancellation) => Task.FromResult(runs.Show(run));

    public IAsyncEnumerable<RunStatus> WatchRunAsync(string run, CancellationToken cancellation) => runs.WatchAsync(run, cancellation);

    public Task<RunStatus> CancelRunAsync(string run, CancellationToken cancellation) => Task.FromResult(runs.Cancel(run));

    public ValueTask DisposeAsync() => default;

    private static string Owner => $"{Environment.MachineName}/{Environment.ProcessId}";

    private Task<RunStatus> ExecuteAsync(RunStatus first, IProgress<RunStatus> watcher, Func<RunProgress, CancellationToken, Task> work, CancellationToken cancellation) =>
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
}

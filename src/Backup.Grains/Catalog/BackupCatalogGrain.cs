using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Engine.Collection;
using Backup.Engine.Compaction;
using Backup.Engine.Progress;
using Backup.Engine.Recovery;
using Backup.Engine.Stores;
using Backup.Grains.Wire;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Backup.Grains.Catalog;

/// <summary>Answers for one archive. It keeps nothing: the archive is the truth.</summary>
[Reentrant]
internal sealed class BackupCatalogGrain(IArchives archives, ArchiveQueries queries, ThreadQueries threads, ArchiveCollection collection, ArchiveCompaction compaction, ILocalSiloDetails silo, LogQueries logs, CutVectors vectors, ChainUpkeep upkeep, TimeProvider time) : Grain, IBackupCatalogGrain
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    private string Archive => GrainKeys.Names(this.GetPrimaryKeyString())[0];

    public Task<ArchiveInitReport> InitAsync() => Task.Run(() => archives.InitAsync(Archive, default));

    public Task<ArchiveCheckReport> CheckAsync() => Task.Run(() => queries.CheckAsync(Archive, default));

    public Task<CollectReport> CollectAsync(CollectRequest request) => Task.Run(() => collection.RunAsync(request, default));

    public IAsyncEnumerable<RunStatus> CompactAsync(CompactRequest request) => WireErrors.PortableAsync(StatusesAsync(request));

    public Task UpkeepAsync(string source)
    {
        upkeep.Begin(Archive, source);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<BackupSummary>> ListAsync(string? source) => Task.Run(() => queries.ListAsync(Archive, source, default));

    public Task<BackupSummary> ShowAsync(string backup) => Task.Run(() => queries.ShowAsync(Archive, backup, default));

    public Task<CutVector> SealVectorAsync(CutVectorRequest request) => Task.Run(() => vectors.SealAsync(request, default));

    public Task<IReadOnlyList<CutVector>> VectorsAsync() => Task.Run(() => vectors.ListAsync(Archive, default));

    public IAsyncEnumerable<VerifyUpdate> VerifyAsync(VerifyRequest request) => WireErrors.PortableAsync(UpdatesAsync(request));

    public Task<RestorePlan> PlanAsync(RestoreRequest request) => Task.Run(() => queries.PlanAsync(request, default));

    public IAsyncEnumerable<ThreadView> ThreadsAsync(string source) => WireErrors.PortableAsync(queries.ListThreadsAsync(Archive, source, default));

    public Task<IReadOnlyList<CheckpointView>> HistoryAsync(string source, string thread) => Task.Run(() => threads.HistoryAsync(Archive, source, thread, default));

    public Task<StateView> ThreadStateAsync(ThreadStateRequest request) => Task.Run(async () => LargeAnswers.Fitting(await threads.StateAsync(request, default)));

    public Task<ThreadDifference> ThreadDifferenceAsync(ThreadDifferenceRequest request) => Task.Run(async () => LargeAnswers.Fitting(await threads.DifferenceAsync(request, default)));

    public Task<LogStatus> LogAsync(string source) => Task.Run(() => logs.StatusAsync(Archive, source, default));

    private async IAsyncEnumerable<VerifyUpdate> UpdatesAsync(VerifyRequest request)
    {
        VerifyReport? report = null;
        await foreach (var status in FollowAsync(RunKind.Backup, request.Against ?? "", async (progress, stop) => report = await queries.VerifyAsync(request, progress, stop)))
            yield return new() { Status = status, Report = report };
    }

    private IAsyncEnumerable<RunStatus> StatusesAsync(CompactRequest request) =>
        FollowAsync(RunKind.Compaction, request.Source, (progress, stop) => compaction.RunAsync(request, silo.SiloAddress.ToString(), progress, stop));

    // Tells where the work stands until it is done, and stops it when nobody listens any more.
    private async IAsyncEnumerable<RunStatus> FollowAsync(RunKind kind, string store, Func<RunProgress, CancellationToken, Task> work)
    {
        var now = time.GetUtcNow();
        var progress = new RunProgress(new() { RunId = RunId.New(now).Value, Kind = kind, Store = store, Archive = Archive, Started = now }, time);
        using var stop = new CancellationTokenSource();
        var working = Task.Run(() => work(progress, stop.Token));
        try
        {
            while (await Task.WhenAny(working, Task.Delay(TellEvery, time)) != working) yield return progress.Snapshot();
            await working;
            yield return progress.Snapshot();
        }
        finally
        {
            await stop.CancelAsync();
        }
    }
}

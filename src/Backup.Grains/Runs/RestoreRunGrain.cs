using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.Progress;
using Backup.Engine.Restore;
using Backup.Engine.Stores;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Runs;

/// <summary>
/// The coordinator of one restore, which its silo does with as many loaders as the target takes. Taken up elsewhere it compares again:
/// what stands there already is not written twice.
/// </summary>
internal sealed class RestoreRunGrain(
    [PersistentState(StateNames.RestoreRun, StorageNames.Work)] IPersistentState<RunRecord<RestoreRequest>> state,
    ArchiveQueries archives, ICheckpointStores stores, TimeProvider time, ILogger<RestoreRunGrain> logger) : RunGrain<RestoreRequest>(state, time, logger), IRestoreRunGrain
{
    private readonly TimeProvider time = time;

    public Task<RunStatus> StartAsync(RestoreRequest request) => BeginAsync(request, RunKind.Restore, request.Target, request.Archive);

    protected override async Task ExecuteAsync(RestoreRequest request, RunProgress progress, CutRecord? before, Action<CutRecord> save, CancellationToken cancellation)
    {
        var archive = await archives.ForRestoreAsync(request, cancellation);
        await using var target = await stores.OpenTargetAsync(request.Target, cancellation);
        await new RestoreRun(archive, target, request, time).RunAsync(progress, cancellation);
    }
}

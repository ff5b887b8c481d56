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
/// The coordinator of one restore, which its silo does with as many loaders as the target takes (docs/adr/0010). Taken up elsewhere
/// it compares again: what stands there already is not written twice.
/// </summary>
internal sealed class RestoreRunGrain(
    [PersistentState(StateNames.RestoreRun, StorageNames.Work)] IPersistentState<RunRecord<RestoreRequest>> state,
    ArchiveQueries archives, ICheckpointStores stores, RunConfiguration configuration, RunInstruments instruments, ILocalSiloDetails silo, TimeProvider time, ILogger<RestoreRunGrain> logger)
    : RunGrain<RestoreRequest>(state, configuration, instruments, silo, time, logger), IRestoreRunGrain
{
    private readonly TimeProvider time = time;

    public Task<RunStatus> StartAsync(RestoreRequest request) => BeginAsync(request, RunKind.Restore, request.Target, request.Archive);

    protected override async Task ExecuteAsync(RunRecord<RestoreRequest> run, RunProgress progress, Action<CutRecord> save, CancellationToken cancellation)
    {
        var archive = await archives.ForRestoreAsync(run.Request!, cancellation);
        await using var target = await stores.OpenTargetAsync(run.Request!.Target, cancellation);
        await new RestoreRun(archive, target, run.Request, time).RunAsync(progress, cancellation);
    }

    protected override Task NoteAsync(RestoreRequest request, string id) => GrainFactory.GetGrain<IRestoreManagerGrain>(GrainKeys.Target(request.Target)).NoteAsync(id);
}

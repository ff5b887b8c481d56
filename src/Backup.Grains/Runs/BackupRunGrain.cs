using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Progress;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Runs;

/// <summary>The coordinator of one backup.</summary>
internal sealed class BackupRunGrain(
    [PersistentState(StateNames.BackupRun, StorageNames.Work)] IPersistentState<RunRecord<BackupRequest>> state,
    ClusterBackup backup, RunConfiguration configuration, RunInstruments instruments, ILocalSiloDetails silo, TimeProvider time, ILogger<BackupRunGrain> logger)
    : RunGrain<BackupRequest>(state, configuration, instruments, silo, time, logger), IBackupRunGrain
{
    public Task<RunStatus> StartAsync(BackupRequest request) => BeginAsync(request, RunKind.Backup, request.Source, request.Archive);

    protected override Task ExecuteAsync(RunRecord<BackupRequest> run, RunProgress progress, Action<CutRecord> save, CancellationToken cancellation) =>
        backup.RunAsync(run.Request!, run.Configuration, progress, run.Cut, save, cancellation);

    protected override Task NoteAsync(BackupRequest request, string id) => GrainFactory.GetGrain<IBackupManagerGrain>(GrainKeys.Source(request.Source)).NoteAsync(id);
}

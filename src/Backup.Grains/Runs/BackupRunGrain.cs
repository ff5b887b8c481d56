using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Progress;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Runs;

/// <summary>The coordinator of one backup.</summary>
internal sealed class BackupRunGrain(
    [PersistentState(StateNames.BackupRun, StorageNames.Work)] IPersistentState<RunRecord<BackupRequest>> state,
    ClusterBackup backup, TimeProvider time, ILogger<BackupRunGrain> logger) : RunGrain<BackupRequest>(state, time, logger), IBackupRunGrain
{
    public Task<RunStatus> StartAsync(BackupRequest request) => BeginAsync(request, RunKind.Backup, request.Source, request.Archive);

    protected override Task ExecuteAsync(BackupRequest request, RunProgress progress, CutRecord? before, Action<CutRecord> save, CancellationToken cancellation) =>
        backup.RunAsync(request, progress, before, save, cancellation);
}

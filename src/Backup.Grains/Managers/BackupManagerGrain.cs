using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Stores;
using Orleans.Runtime;

namespace Backup.Grains.Managers;

/// <summary>Admits the backups of one source.</summary>
internal sealed class BackupManagerGrain(
    [PersistentState(StateNames.BackupManager, StorageNames.Work)] IPersistentState<RunList> state,
    ICheckpointStores stores, IArchives archives, TimeProvider time) : Grain, IBackupManagerGrain
{
    public async Task<RunStatus> StartAsync(BackupRequest request)
    {
        _ = (stores.Fingerprint(request.Source), archives.Fingerprint(request.Archive)); // names that are not configured are refused here
        var id = await RunAdmission.AdmitAsync(state, Run, $"source '{request.Source}'", time);
        return await GrainFactory.GetGrain<IBackupRunGrain>(GrainKeys.Run(id)).StartAsync(request);
    }

    public Task<IReadOnlyList<RunStatus>> RunsAsync() => RunAdmission.ListAsync(state.State, Run);

    private IBackupRunGrain Run(string id) => GrainFactory.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(id)));
}

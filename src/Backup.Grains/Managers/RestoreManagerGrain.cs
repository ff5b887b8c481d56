using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Restore;
using Backup.Engine.Stores;
using Orleans.Runtime;

namespace Backup.Grains.Managers;

/// <summary>Admits the restores into one target.</summary>
internal sealed class RestoreManagerGrain(
    [PersistentState(StateNames.RestoreManager, StorageNames.Work)] IPersistentState<RunList> state,
    ICheckpointStores stores, IArchives archives, TimeProvider time) : Grain, IRestoreManagerGrain
{
    public async Task<RunStatus> StartAsync(RestoreRequest request)
    {
        RestoreRules.Check(request);
        _ = (stores.Fingerprint(request.Target), archives.Fingerprint(request.Archive)); // names that are not configured are refused here
        var id = await RunAdmission.AdmitAsync(state, Run, $"target '{request.Target}'", time);
        return await GrainFactory.GetGrain<IRestoreRunGrain>(GrainKeys.Run(id)).StartAsync(request);
    }

    public Task<IReadOnlyList<RunStatus>> RunsAsync() => RunAdmission.ListAsync(state.State, Run);

    private IRestoreRunGrain Run(string id) => GrainFactory.GetGrain<IRestoreRunGrain>(GrainKeys.Run(new(id)));
}

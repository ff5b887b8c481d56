using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Restore;
using Backup.Engine.Stores;
using Orleans.Runtime;

namespace Backup.Grains.Managers;

/// <summary>Admits the restores into one target.</summary>
internal sealed class RestoreManagerGrain : Grain, IRestoreManagerGrain
{
    private readonly ICheckpointStores stores;
    private readonly IArchives archives;
    private readonly TimeProvider time;
    private readonly RunAdmission admission;

    public RestoreManagerGrain(
        [PersistentState(StateNames.RestoreManager, StorageNames.Work)] IPersistentState<RunList> state, ICheckpointStores stores, IArchives archives, TimeProvider time)
    {
        (this.stores, this.archives, this.time) = (stores, archives, time);
        admission = new(state, id => Run(new(id)));
    }

    public async Task<RunStatus> StartAsync(RestoreRequest request)
    {
        RestoreRules.Check(request);
        _ = (stores.Fingerprint(request.Target), archives.Fingerprint(request.Archive)); // names that are not configured are refused here
        return await Run(await admission.AdmitAsync($"target '{request.Target}'", time)).StartAsync(request);
    }

    public Task<IReadOnlyList<RunStatus>> RunsAsync() => admission.ListAsync();

    public Task NoteAsync(string runId) => admission.NoteAsync(runId);

    private IRestoreRunGrain Run(RunId id) => GrainFactory.GetGrain<IRestoreRunGrain>(GrainKeys.Run(id));
}

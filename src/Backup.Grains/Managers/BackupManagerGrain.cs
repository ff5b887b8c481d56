using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Stores;
using Orleans.Runtime;

namespace Backup.Grains.Managers;

/// <summary>Admits the backups of one source.</summary>
internal sealed class BackupManagerGrain : Grain, IBackupManagerGrain
{
    private readonly ICheckpointStores stores;
    private readonly IArchives archives;
    private readonly TimeProvider time;
    private readonly RunAdmission admission;

    public BackupManagerGrain(
        [PersistentState(StateNames.BackupManager, StorageNames.Work)] IPersistentState<RunList> state, ICheckpointStores stores, IArchives archives, TimeProvider time)
    {
        (this.stores, this.archives, this.time) = (stores, archives, time);
        admission = new(state, id => Run(new(id)));
    }

    public async Task<RunStatus> StartAsync(BackupRequest request)
    {
        _ = (stores.Fingerprint(request.Source), archives.Fingerprint(request.Archive)); // names that are not configured are refused here
        return await Run(await admission.AdmitAsync($"source '{request.Source}'", time)).StartAsync(request);
    }

    public Task<IReadOnlyList<RunStatus>> RunsAsync() => admission.ListAsync();

    public Task NoteAsync(string runId) => admission.NoteAsync(runId);

    private IBackupRunGrain Run(RunId id) => GrainFactory.GetGrain<IBackupRunGrain>(GrainKeys.Run(id));
}

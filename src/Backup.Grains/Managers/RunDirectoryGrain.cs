using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Stores;
using Orleans.Concurrency;

namespace Backup.Grains.Managers;

/// <summary>Asks the managers of every configured store.</summary>
[StatelessWorker, Reentrant]
internal sealed class RunDirectoryGrain(ICheckpointStores stores) : Grain, IRunDirectoryGrain
{
    public async Task<IReadOnlyList<RunStatus>> ListAsync()
    {
        var backups = stores.Names.Select(name => GrainFactory.GetGrain<IBackupManagerGrain>(GrainKeys.Source(name)).RunsAsync());
        var restores = stores.Names.Select(name => GrainFactory.GetGrain<IRestoreManagerGrain>(GrainKeys.Target(name)).RunsAsync());
        var all = await Task.WhenAll([.. backups, .. restores]);
        return [.. all.SelectMany(runs => runs).OrderBy(run => run.RunId, StringComparer.Ordinal)];
    }
}

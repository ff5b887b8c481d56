using Backup.Abstractions;
using Orleans.Runtime;

namespace Backup.Grains.Workers;

/// <summary>The cluster's slots: so many on each active silo.</summary>
internal sealed class Slots(IGrainFactory grains, ILocalSiloDetails silo, WorkerOptions options)
{
    /// <summary>This silo, for messages and leases.</summary>
    public string Local => silo.Name;

    /// <summary>Keys of the slots of all active silos, or of this one only.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(bool onlyLocal)
    {
        IEnumerable<SiloAddress> silos = onlyLocal ? [silo.SiloAddress] : (await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Keys.Order();
        return silos.SelectMany(s => Enumerable.Range(0, options.SlotsPerSilo).Select(n => GrainKeys.Slot(s.ToParsableString(), n))).ToList();
    }

    /// <summary>How many slots there are.</summary>
    public async Task<int> CountAsync() => (await ListAsync(onlyLocal: false)).Count;

    /// <summary>The worker of a slot.</summary>
    public IShardWorkerGrain Worker(string slot) => grains.GetGrain<IShardWorkerGrain>(slot);

    /// <summary>Tells every slot that a run is over. One that does not answer finds out by itself.</summary>
    public async Task ReleaseAsync(string run)
    {
        try
        {
            await Task.WhenAll((await ListAsync(onlyLocal: false)).Select(s => Worker(s).ReleaseAsync(run)));
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            // A silo that is gone holds nothing; one that is slow gives up when it is not asked for a minute.
        }
    }
}

/// <summary>How much a silo works on at once.</summary>
/// <param name="SlotsPerSilo">Shards a silo captures at once.</param>
public sealed record WorkerOptions(int SlotsPerSilo);

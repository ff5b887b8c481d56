using Backup.Abstractions;
using Orleans.Runtime;

namespace Backup.Grains.Workers;

/// <summary>The cluster's slots: so many on each active silo.</summary>
internal sealed class Slots(IGrainFactory grains, ILocalSiloDetails silo, IClusterMembershipService membership, WorkerOptions options)
{
    /// <summary>This silo's name, for messages and leases.</summary>
    public string LocalName => silo.Name;

    /// <summary>How many slots there are, if all silos have as many as this one.</summary>
    public int Estimate => Silos().Count * options.SlotsPerSilo;

    /// <summary>Addresses of the active silos.</summary>
    public IReadOnlyList<string> Silos() =>
        [.. membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress.ToParsableString()).Order(StringComparer.Ordinal)];

    /// <summary>A silo's name.</summary>
    public string Name(string address) => membership.CurrentSnapshot.Members.TryGetValue(SiloAddress.FromParsableString(address), out var member) ? member.Name : address;

    /// <summary>The worker of a silo's slot.</summary>
    public IShardWorkerGrain Worker(string address, int slot) => grains.GetGrain<IShardWorkerGrain>(GrainKeys.Slot(address, slot));
}

/// <summary>How much a silo works on at once.</summary>
/// <param name="SlotsPerSilo">Shards a silo captures at once.</param>
public sealed record WorkerOptions(int SlotsPerSilo);

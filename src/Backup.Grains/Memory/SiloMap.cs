using System.Security.Cryptography;
using System.Text;
using Backup.Checkpoints.Model;
using Orleans.Runtime;

namespace Backup.Grains.Memory;

/// <summary>Which silos there are, and which of them a new unit goes to.</summary>
internal sealed class SiloMap(IClusterMembershipService membership, ILocalSiloDetails local)
{
    public SiloAddress Local => local.SiloAddress;

    /// <summary>The active silos, in the order of their addresses.</summary>
    public IReadOnlyList<SiloAddress> Active =>
        [.. membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).Order()];

    /// <summary>True when that silo is not coming back. One this silo does not know is looked up first: it may have just joined.</summary>
    public async Task<bool> IsGoneAsync(SiloAddress silo)
    {
        if (Status(silo) == SiloStatus.None) await membership.Refresh();
        return Status(silo) is SiloStatus.None or SiloStatus.Dead;
    }

    /// <summary>Chooses a silo by the unit alone, evenly: all who choose among the same silos choose the same, and one silo more or less moves few.</summary>
    public static SiloAddress Choose(UnitId unit, IEnumerable<SiloAddress> silos) =>
        silos.MaxBy(s => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{s.ToParsableString()} {UnitName.Of(unit)}"))), StringComparer.Ordinal)!;

    private SiloStatus Status(SiloAddress silo) => membership.CurrentSnapshot.GetSiloStatus(silo);
}

using Backup.Abstractions;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Backup.Grains.Placement;

/// <summary>Places a grain on the silo its key names. Default placement would put every slot on the coordinator's silo.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SlotPlacementAttribute() : PlacementAttribute(new SlotPlacement());

/// <summary>The strategy behind <see cref="SlotPlacementAttribute"/>.</summary>
[GenerateSerializer, Immutable, Alias("backup.SlotPlacement")]
public sealed class SlotPlacement : PlacementStrategy;

/// <summary>Finds the silo a slot's key names.</summary>
public sealed class SlotPlacementDirector : IPlacementDirector
{
    /// <inheritdoc/>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silo = SiloAddress.FromParsableString(GrainKeys.Names(target.GrainIdentity.Key.ToString()!)[0]);
        return context.GetCompatibleSilos(target).Contains(silo) ? Task.FromResult(silo)
            : throw new SiloUnavailableException($"silo {silo} is not in the cluster");
    }
}

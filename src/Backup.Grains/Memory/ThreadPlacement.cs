using Backup.Abstractions;
using Backup.Checkpoints.Model;
using Backup.Engine.Stores;
using Backup.Grains.Memory.Directory;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Backup.Grains.Memory;

/// <summary>Places a thread's grain on the silo that holds the thread; that of a new thread, or of a source that is not in memory, by its id, evenly over the silos.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ThreadPlacementAttribute() : PlacementAttribute(new ThreadPlacement());

/// <summary>The strategy behind <see cref="ThreadPlacementAttribute"/>.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadPlacement")]
public sealed class ThreadPlacement : PlacementStrategy;

/// <summary>Finds the silo of a thread.</summary>
internal sealed class ThreadPlacementDirector(ThreadDirectory directory, ICheckpointStores configured) : IPlacementDirector
{
    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var names = GrainKeys.Names(target.GrainIdentity.Key.ToString()!);
        var silos = context.GetCompatibleSilos(target);
        var unit = UnitId.Thread(names[1]);
        // Only threads in memory are held by somebody.
        if (!configured.Names.Contains(names[0]) || !configured.IsMemory(names[0])) return SiloMap.Choose(unit, silos);
        var (holder, leaving) = await directory.FindAsync(names[0], unit);
        if (holder is not null && silos.Contains(holder)) return holder;
        var staying = silos.Except(leaving).ToList();
        return SiloMap.Choose(unit, staying.Count > 0 ? staying : silos);
    }
}

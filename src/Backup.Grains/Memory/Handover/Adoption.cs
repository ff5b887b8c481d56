using System.Collections.Concurrent;
using Backup.Checkpoints.Model;
using Backup.Grains.Memory.Directory;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Handover;

/// <summary>Takes over the units of silos that leave. Asked twice for the same pieces it ends the same.</summary>
internal sealed class Adoption(MemoryStores stores, ThreadDirectory directory, ILocalSiloDetails silo)
{
    private readonly ConcurrentDictionary<(string Store, SiloAddress From), UnitAssembly> arriving = new();

    public async Task AdoptAsync(string store, SiloAddress from, IReadOnlyList<UnitPiece> pieces)
    {
        IReadOnlyList<(UnitId Unit, Backup.Checkpoints.Memory.MemoryUnit Content, bool)> complete;
        var assembly = arriving.GetOrAdd((store, from), _ => new());
        lock (assembly) complete = assembly.Add(pieces);
        if (complete.Count == 0) return;
        await stores.Units(store).AdoptAsync([.. complete.Select(c => (c.Unit, c.Content))]);
        await directory.AssignAsync(store, complete.Select(c => KeyValuePair.Create(c.Unit, (SiloAddress?)silo.SiloAddress)));
    }
}

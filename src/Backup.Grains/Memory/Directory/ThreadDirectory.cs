using Backup.Abstractions;
using Backup.Checkpoints.Model;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Directory;

/// <summary>The directories of all stores as one: knows which listing a unit is in.</summary>
internal sealed class ThreadDirectory(IGrainFactory grains)
{
    /// <summary>Never changed: a unit would be looked for in another listing than the one it is in.</summary>
    private const int Partitions = 16;

    /// <summary>Who holds a unit, and which silos take nothing new.</summary>
    public async Task<(SiloAddress? Holder, IReadOnlyList<SiloAddress> Leaving)> FindAsync(string store, UnitId unit)
    {
        var name = UnitName.Of(unit);
        var found = await Listing(store, Partition(name)).FindAsync([name]);
        return (found.Silos[0], found.Leaving);
    }

    /// <summary>Makes a silo the holder of a unit nobody holds; returns who holds it then.</summary>
    public Task<SiloAddress> ClaimAsync(string store, UnitId unit, SiloAddress silo)
    {
        var name = UnitName.Of(unit);
        return Listing(store, Partition(name)).ClaimAsync(name, silo);
    }

    /// <summary>Sets or removes holders, whoever held before; returns who did.</summary>
    public async Task<IReadOnlyDictionary<UnitId, SiloAddress?>> AssignAsync(string store, IEnumerable<KeyValuePair<UnitId, SiloAddress?>> holdings)
    {
        var before = await Task.WhenAll(holdings.Select(h => new Holding(UnitName.Of(h.Key), h.Value)).GroupBy(h => Partition(h.Unit)).Select(async part =>
        {
            var changes = part.ToList();
            return changes.Zip(await Listing(store, part.Key).AssignAsync(changes));
        }));
        return before.SelectMany(b => b).ToDictionary(b => UnitName.Parse(b.First.Unit), b => b.Second);
    }

    /// <summary>The units of holders outside <paramref name="silos"/>.</summary>
    public async Task<IReadOnlyList<Stray>> StraysAsync(string store, IReadOnlyList<SiloAddress> silos)
    {
        var parts = await Task.WhenAll(Enumerable.Range(0, Partitions).Select(p => Listing(store, p).StraysAsync(silos)));
        return [.. parts.SelectMany(p => p).GroupBy(s => s.Silo)
            .Select(g => new Stray(g.Key, g.Sum(s => s.Count), [.. g.SelectMany(s => s.First).Order(StringComparer.Ordinal)]))];
    }

    /// <summary>A silo hands its units over: nothing new is placed there.</summary>
    public Task LeavingAsync(string store, SiloAddress silo) => Task.WhenAll(Enumerable.Range(0, Partitions).Select(p => Listing(store, p).LeavingAsync(silo)));

    internal static int Partition(string name) => (int)(StableHash.ComputeHash(name) % Partitions);

    private IThreadDirectoryGrain Listing(string store, int partition) => grains.GetGrain<IThreadDirectoryGrain>(GrainKeys.Directory(store, partition));
}

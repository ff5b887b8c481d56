using System.Collections.Immutable;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Memory;

/// <summary>The units one process held at one instant.</summary>
internal sealed class MemorySnapshot(ImmutableSortedDictionary<UnitId, MemoryUnit> units)
{
    private const int UnitsPerShard = 10_000;
    private readonly Lazy<UnitId[]> ids = new(() => [.. units.Keys]);

    public int Count => units.Count;

    public MemoryUnit? Find(UnitId unit) => units.GetValueOrDefault(unit);

    /// <summary>Every unit, in order.</summary>
    public IReadOnlyList<UnitId> Ids => ids.Value;

    /// <summary>The units behind <paramref name="last"/>, in order.</summary>
    public IEnumerable<UnitId> After(UnitId last)
    {
        var at = Array.BinarySearch(ids.Value, last);
        return ids.Value.Skip(at >= 0 ? at + 1 : ~at);
    }

    /// <summary>The units of a shard, in order.</summary>
    public IEnumerable<UnitId> Of(Shard shard)
    {
        var at = Array.BinarySearch(ids.Value, new(shard.Kind, shard.From ?? ""));
        return ids.Value.Skip(at >= 0 ? at : ~at).TakeWhile(u => u.Kind == shard.Kind && (shard.To is null || Utf8Order.Compare(u.Id, shard.To) < 0));
    }

    /// <summary>Splits the units into about <paramref name="wanted"/> shards.</summary>
    public IReadOnlyList<Shard> Plan(int wanted)
    {
        var shards = new List<Shard>();
        foreach (var kind in ids.Value.GroupBy(u => u.Kind))
        {
            var all = kind.Select(u => u.Id).ToList();
            var size = Math.Min(UnitsPerShard, Math.Max(1, (all.Count + wanted - 1) / wanted));
            for (var i = 0; i < all.Count; i += size) shards.Add(new(shards.Count, kind.Key, all[i], i + size < all.Count ? all[i + size] : null));
        }
        if (shards.Count == 0) shards.Add(new(0, UnitKind.Thread, null, null));
        return shards;
    }

    /// <summary>Hands units to a sink; those that are not here are not reported.</summary>
    public async Task EmitAsync(IEnumerable<UnitId> wanted, IRecordSink sink, CancellationToken cancellation)
    {
        foreach (var unit in wanted)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Find(unit) is not { } content) continue;
            await sink.BeginAsync(unit, cancellation);
            foreach (var (key, bytes) in content.Records) await sink.WriteAsync(new(bytes, key.Length), cancellation);
            await sink.EndAsync(cancellation);
        }
    }
}

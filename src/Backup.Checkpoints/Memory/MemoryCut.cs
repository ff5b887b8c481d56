using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Memory;

/// <summary>The units as they were at one instant.</summary>
internal sealed class MemoryCut : ISourceCut
{
    private const int UnitsPerShard = 10_000;
    private readonly ImmutableSortedDictionary<UnitId, MemoryUnit> units;

    public MemoryCut(MemoryUnits store, DateTimeOffset now)
    {
        units = store.Snapshot;
        var lost = store.Lost.Count;
        Description = new()
        {
            Token = "in-process", Time = now, Identity = ImmutableSortedDictionary<string, string>.Empty, Layout = """{"kind":"memory"}""",
            UnitsEstimate = units.Count,
            Warnings = lost == 0 ? [] : [$"suspect: {lost} threads were lost with their silo and are not in this backup; they were not deleted"],
        };
    }

    public CutDescription Description { get; }

    public Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation)
    {
        var shards = new List<Shard>();
        foreach (var kind in units.Keys.GroupBy(u => u.Kind))
        {
            var ids = kind.Select(u => u.Id).ToList();
            var size = Math.Min(UnitsPerShard, Math.Max(1, (ids.Count + wanted - 1) / wanted));
            for (var i = 0; i < ids.Count; i += size) shards.Add(new(shards.Count, kind.Key, ids[i], i + size < ids.Count ? ids[i + size] : null));
        }
        if (shards.Count == 0) shards.Add(new(0, UnitKind.Thread, null, null));
        return Task.FromResult<IReadOnlyList<Shard>>(shards);
    }

    public Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) =>
        EmitAsync(units.Keys.Where(u => u.Kind == shard.Kind && (shard.From is null || Utf8Order.Compare(u.Id, shard.From) >= 0) && (shard.To is null || Utf8Order.Compare(u.Id, shard.To) < 0)), sink, cancellation);

    public Task CaptureAsync(IReadOnlyCollection<UnitId> wanted, IRecordSink sink, CancellationToken cancellation) =>
        EmitAsync(wanted.Distinct().Where(units.ContainsKey), sink, cancellation);

    public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach (var unit in units.Keys) yield return unit;
    }

    public ValueTask DisposeAsync() => default;

    private async Task EmitAsync(IEnumerable<UnitId> wanted, IRecordSink sink, CancellationToken cancellation)
    {
        foreach (var unit in wanted)
        {
            await sink.BeginAsync(unit, cancellation);
            foreach (var (key, bytes) in units[unit].Records) await sink.WriteAsync(new(bytes, key.Length), cancellation);
            await sink.EndAsync(cancellation);
        }
    }
}

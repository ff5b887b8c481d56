using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Cuts;

/// <summary>
/// A cut whose parts are held by the silos. A silo's own part is read where it is; those of others in pages, one asked for when the
/// one before is used up.
/// </summary>
internal sealed class ClusterMemoryCut : ISourceCut
{
    private const int Window = 256;
    private readonly MemorySilos silos;
    private readonly CutParts parts;
    private readonly string keeper;
    private readonly ITimer keeping;

    public ClusterMemoryCut(MemorySilos silos, CutParts parts, string keeper, MemoryTimings timings, TimeProvider time, CutDescription description)
    {
        (this.silos, this.parts, this.keeper, Description) = (silos, parts, keeper, description);
        keeping = time.CreateTimer(_ => Keep(), null, timings.CutIdle / 4, timings.CutIdle / 4);
    }

    public CutDescription Description { get; }

    /// <summary>The silos that hold a part.</summary>
    public IReadOnlyList<SiloAddress> Parts => parts.Silos;

    public async Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation)
    {
        var each = Math.Max(1, wanted / parts.Silos.Count);
        var planned = await Task.WhenAll(parts.Silos.Select(async silo => (Silo: silo, Ranges: await silos.AskAsync(silo, parts.Cut, g => g.PlanAsync(parts.Cut, each)))));
        return [.. planned.SelectMany(p => p.Ranges.Select(r => (p.Silo, Range: r)))
            .Select((p, n) => new Shard(n, p.Range.Kind, p.Range.From, p.Range.To, p.Silo.ToParsableString()))];
    }

    public async Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation)
    {
        foreach (var silo in parts.Silos.Where(s => shard.Place is null || s.ToParsableString() == shard.Place))
        {
            if (silos.LocalPart(silo, parts.Cut) is { } here)
            {
                await here.EmitAsync(here.Of(shard), sink, cancellation);
                continue;
            }
            var units = new List<UnitId>();
            await foreach (var unit in ListAsync(silo, cancellation))
            {
                if (unit.Kind != shard.Kind || (shard.From is { } from && Utf8Order.Compare(unit.Id, from) < 0)) continue;
                if (shard.To is { } to && Utf8Order.Compare(unit.Id, to) >= 0) break;
                units.Add(unit);
            }
            foreach (var window in units.Chunk(Window)) await ReadAsync(silo, window, sink, cancellation);
        }
    }

    public async Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation)
    {
        foreach (var window in units.Distinct().Chunk(Window))
        {
            foreach (var silo in parts.Silos)
            {
                if (silos.LocalPart(silo, parts.Cut) is { } here) await here.EmitAsync(window, sink, cancellation);
                else await ReadAsync(silo, window, sink, cancellation);
            }
        }
    }

    public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var queue = new PriorityQueue<IAsyncEnumerator<UnitId>, UnitId>();
        var lists = parts.Silos.Select(s => ListAsync(s, cancellation).GetAsyncEnumerator(cancellation)).ToList();
        try
        {
            foreach (var list in lists)
                if (await list.MoveNextAsync()) queue.Enqueue(list, list.Current);
            while (queue.TryDequeue(out var list, out var unit))
            {
                yield return unit;
                if (await list.MoveNextAsync()) queue.Enqueue(list, list.Current);
            }
        }
        finally
        {
            foreach (var list in lists) await list.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await keeping.DisposeAsync();
        foreach (var silo in parts.Silos) silos.Tell(silo, g => g.ReleaseAsync(parts.Cut, keeper));
    }

    private async IAsyncEnumerable<UnitId> ListAsync(SiloAddress silo, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? last = null;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var page = await silos.AskAsync(silo, parts.Cut, g => g.ListAsync(parts.Cut, last));
            if (page.Count == 0) yield break;
            foreach (var unit in page) yield return UnitName.Parse(unit);
            last = page[^1];
        }
    }

    private async Task ReadAsync(SiloAddress silo, IReadOnlyList<UnitId> units, IRecordSink sink, CancellationToken cancellation)
    {
        var names = units.Select(UnitName.Of).ToList();
        string? open = null;
        for (PagePosition? next = new(0, 0); next is { } from;)
        {
            cancellation.ThrowIfCancellationRequested();
            var page = await silos.AskAsync(silo, parts.Cut, g => g.ReadAsync(parts.Cut, names, from));
            foreach (var piece in page.Pieces)
            {
                if (open != piece.Unit) await sink.BeginAsync(UnitName.Parse(piece.Unit), cancellation);
                open = piece.Unit;
                foreach (var record in piece.Records) await sink.WriteAsync(new(record.Bytes, record.KeyLength), cancellation);
                if (!piece.Last) continue;
                await sink.EndAsync(cancellation);
                open = null;
            }
            next = page.Next;
        }
    }

    private void Keep()
    {
        foreach (var silo in parts.Silos) silos.Tell(silo, g => g.KeepAsync(parts.Cut, keeper));
    }
}

using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Memory;

/// <summary>A snapshot of this process as a cut.</summary>
internal sealed class MemoryCut(MemorySnapshot snapshot, DateTimeOffset now) : ISourceCut
{
    public CutDescription Description { get; } = new()
    {
        Token = "in-process", Time = now, Identity = ImmutableSortedDictionary<string, string>.Empty, Layout = MemoryStore.Layout, UnitsEstimate = snapshot.Count,
    };

    public Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation) => Task.FromResult(snapshot.Plan(wanted));

    public Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) => snapshot.EmitAsync(snapshot.Of(shard), sink, cancellation);

    public Task CaptureAsync(IReadOnlyCollection<UnitId> wanted, IRecordSink sink, CancellationToken cancellation) => snapshot.EmitAsync(wanted.Distinct(), sink, cancellation);

    public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach (var unit in snapshot.Ids) yield return unit;
    }

    public ValueTask DisposeAsync() => default;
}

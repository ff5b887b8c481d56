using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Grains.Memory.Cuts;
using Backup.Grains.Memory.Directory;
using Backup.Grains.Memory.Restores;

namespace Backup.Grains.Memory.Store;

/// <summary>A memory store, whose threads all silos hold, as a source and a target.</summary>
internal sealed class ClusterMemoryStore(string name, MemorySilos silos, ThreadDirectory directory, CutBarrier barrier, MemoryTimings timings, TimeProvider time)
    : ICheckpointSource, ICheckpointTarget
{
    public string Kind => MemoryStore.KindName;

    public async Task<ISourceCut> CutAsync(CancellationToken cancellation) => await barrier.TakeAsync(name, null, cancellation);

    public async Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation)
    {
        var parts = CutParts.Parse(token);
        var keeper = Randomness.Token(8);
        await Task.WhenAll(parts.Silos.Select(s => silos.AskAsync(s, parts.Cut, async g => await g.KeepAsync(parts.Cut, keeper) ? parts : null)));
        // What the cut is of is known to the one who took it.
        return new ClusterMemoryCut(silos, parts, keeper, timings, time, new()
        {
            Token = token, Time = time.GetUtcNow(), Identity = new Dictionary<string, string>(), Layout = MemoryStore.Layout,
        });
    }

    public async Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation) => await CutAsync(cancellation);

    public async Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation) =>
        await ClusterMemorySession.OpenAsync(name, intent.Online, silos, directory, barrier, timings, time);

    public ValueTask DisposeAsync() => default;
}

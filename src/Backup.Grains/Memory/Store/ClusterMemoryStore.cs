using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Grains.Memory.Cuts;
using Backup.Grains.Memory.Directory;
using Backup.Grains.Memory.Log;
using Backup.Grains.Memory.Restores;

namespace Backup.Grains.Memory.Store;

/// <summary>A memory store, whose threads all silos hold, as a source whose changes can be followed and a target.</summary>
internal sealed class ClusterMemoryStore(string name, MemorySilos silos, ThreadDirectory directory, CutBarrier barrier, MemoryTimings timings, TimeProvider time)
    : ICheckpointSource, ICheckpointTarget, IChangeLogSource
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

    // The store keeps for one log what it needs, whatever it is called.
    public async Task<IChangeFeed> OpenFeedAsync(string feed, ulong? after, CancellationToken cancellation) => await MemoryFeed.OpenAsync(name, after, silos, barrier, time, cancellation);

    // Every cut that is taken from here on lies behind it, and holds what was acknowledged before.
    public async Task<ulong> PositionAsync(CancellationToken cancellation) =>
        (await Task.WhenAll(silos.Map.Active.Select(s => silos.Grain(s).StandAsync(name)))).Max(s => s.Position) + 1;

    public async Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation) => await CutAsync(cancellation);

    public Task<IReadOnlyList<DroppedExtra>> DropsAsync(TargetIntent intent, CancellationToken cancellation) => Task.FromResult(LayoutOrigin.DroppedBy(intent));

    public async Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation) =>
        await ClusterMemorySession.OpenAsync(name, intent, silos, directory, barrier, timings, time);

    public ValueTask DisposeAsync() => default;
}

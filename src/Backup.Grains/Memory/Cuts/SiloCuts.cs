using System.Collections.Concurrent;
using Backup.Checkpoints.Memory;

namespace Backup.Grains.Memory.Cuts;

/// <summary>The snapshots this silo holds for cuts. One goes when nobody needs it any more, or nobody has asked for it for a while.</summary>
internal sealed class SiloCuts : IDisposable
{
    private const int ListPage = 2000;
    private readonly ConcurrentDictionary<string, HeldCut> cuts = new();
    private readonly MemoryStores stores;
    private readonly MemoryTimings timings;
    private readonly TimeProvider time;
    private readonly ITimer expiry;

    public SiloCuts(MemoryStores stores, MemoryTimings timings, TimeProvider time)
    {
        (this.stores, this.timings, this.time) = (stores, timings, time);
        expiry = time.CreateTimer(_ => Expire(), null, timings.CutIdle / 4, timings.CutIdle / 4);
    }

    /// <summary>Holds the writers; they go on by themselves when the cut is not taken in time.</summary>
    public CutStand Prepare(string store, string cut, MemoryRestore? session)
    {
        var units = stores.Units(store);
        units.Hold(cut, session);
        _ = LetGoInTimeAsync(units, cut);
        var (position, logged) = units.Stand;
        return new(position, logged);
    }

    /// <summary>Takes the snapshot; returns the number of its units.</summary>
    public int Take(string store, string cut, string keeper, CutPlace place)
    {
        var snapshot = stores.Units(store).Take(cut, place);
        cuts[cut] = new(snapshot, keeper, time.GetTimestamp());
        return snapshot.Count;
    }

    public void Abandon(string store, string cut)
    {
        stores.Units(store).LetGo(cut);
        cuts.TryRemove(cut, out _);
    }

    public bool Keep(string cut, string keeper)
    {
        if (!cuts.TryGetValue(cut, out var held)) return false;
        held.Keepers[keeper] = time.GetTimestamp();
        return true;
    }

    public void Release(string cut, string keeper)
    {
        if (cuts.TryGetValue(cut, out var held) && held.Keepers.TryRemove(keeper, out _) && held.Keepers.IsEmpty) cuts.TryRemove(cut, out _);
    }

    /// <summary>A cut's snapshot, or null when it is not held here, or not any more.</summary>
    public MemorySnapshot? Find(string cut) => cuts.TryGetValue(cut, out var held) ? held.Snapshot : null;

    /// <summary>A page of the units of a cut's snapshot, or null.</summary>
    public IReadOnlyList<string>? List(string cut, string? after) => Find(cut) is not { } snapshot ? null
        : [.. (after is null ? snapshot.Ids : snapshot.After(UnitName.Parse(after))).Take(ListPage).Select(UnitName.Of)];

    /// <summary>How many are held.</summary>
    public int Count => cuts.Count;

    public void Dispose() => expiry.Dispose();

    private async Task LetGoInTimeAsync(MemoryUnits units, string cut)
    {
        await Task.Delay(timings.Hold, time);
        units.LetGo(cut);
    }

    private void Expire()
    {
        foreach (var (cut, held) in cuts)
        {
            foreach (var (keeper, asked) in held.Keepers)
                if (time.GetElapsedTime(asked) > timings.CutIdle) Release(cut, keeper);
        }
    }

    private sealed record HeldCut(MemorySnapshot Snapshot)
    {
        public HeldCut(MemorySnapshot snapshot, string keeper, long now) : this(snapshot) => Keepers[keeper] = now;

        public ConcurrentDictionary<string, long> Keepers { get; } = new();
    }
}

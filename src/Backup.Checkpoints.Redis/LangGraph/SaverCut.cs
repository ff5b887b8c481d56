using System.Globalization;
using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>A cut of a store of one of LangGraph's savers: each thread is read as it is at an instant of its own, not before the cut.</summary>
/// <param name="store">Where it is.</param>
/// <param name="layout">Whose keys and documents they are.</param>
/// <param name="database">Its database.</param>
/// <param name="facts">What it was when the cut was taken or joined.</param>
/// <param name="description">What the cut is of.</param>
/// <param name="newest">The newest checkpoint of each thread at the cut; null when that is not known.</param>
/// <param name="earlier">All threads as they were listed for the cut, where checkpoints are overwritten; null when that is not known.</param>
/// <param name="expiring">When threads go by themselves, as it was at the cut; null when that is not known.</param>
/// <param name="list">Lists a restore's own view; null for the store as it is.</param>
internal sealed class SaverCut(RedisStoreOptions store, SaverLayout layout, IDatabase database, SaverFacts facts, CutDescription description, IReadOnlyDictionary<string, string>? newest = null, SortedDictionary<string, SaverThread>? earlier = null, IReadOnlyDictionary<string, DateTimeOffset?>? expiring = null, Func<CancellationToken, Task<SortedDictionary<string, SaverThread>>>? list = null) : ISourceCut
{
    // How often a thread is listed that goes on meanwhile; then it is taken as it is.
    private const int Listings = 5;
    private readonly SemaphoreSlim gate = new(1);
    private SortedDictionary<string, SaverThread>? listed, earlier = earlier;

    public CutDescription Description => description;

    public static CutDescription Describe(SaverLayout layout, SaverFacts facts, string? token, DateTimeOffset? time, long units) => new()
    {
        Token = token ?? string.Create(CultureInfo.InvariantCulture, $"{facts.RunId}/{facts.ReplicationId}/{facts.Time.UtcTicks}"),
        Time = time ?? facts.Time,
        Moving = true,
        Identity = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["runId"] = facts.RunId, ["replicationId"] = facts.ReplicationId, ["serverVersion"] = facts.ServerVersion },
        Layout = layout.Description,
        UnitsEstimate = units,
        Warnings = facts.HasMemory ? ["long-term memory of LangGraph's RedisStore is there, and is not captured"] : [],
    };

    public async Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation)
    {
        var ids = (await ListedAsync(cancellation)).Keys.ToList();
        var size = Math.Max(1, (ids.Count + wanted - 1) / wanted);
        string?[] bounds = [null, .. Enumerable.Range(1, Math.Max(0, (ids.Count - 1) / size)).Select(i => ids[i * size]), null];
        return bounds.Zip(bounds.Skip(1)).Select((b, i) => new Shard(i, UnitKind.Thread, b.First, b.Second)).ToList();
    }

    public async Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) =>
        await CaptureAsync((await ListedAsync(cancellation)).Where(t => (shard.From is null || Utf8Order.Compare(t.Key, shard.From) >= 0) && (shard.To is null || Utf8Order.Compare(t.Key, shard.To) < 0)), sink, cancellation);

    public async Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation)
    {
        var all = await ListedAsync(cancellation);
        await CaptureAsync(units.Distinct().Where(u => u.Kind == UnitKind.Thread && all.ContainsKey(u.Id)).Select(u => KeyValuePair.Create(u.Id, all[u.Id])), sink, cancellation);
    }

    public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var id in (await ListedAsync(cancellation)).Keys) yield return UnitId.Thread(id);
    }

    /// <inheritdoc/>
    /// <remarks>One that went while it was captured is named with the time it had at the cut.</remarks>
    public async IAsyncEnumerable<UnitExpiry> Expiries([EnumeratorCancellation] CancellationToken cancellation)
    {
        var threads = await ListedAsync(cancellation);
        var times = await RedisErrors.GuardAsync(store, async () => (await SaverFacts.ReadAsync(store, layout, database, ownRestore: list is not null)).Expires || expiring?.Count > 0
            ? await SaverExpiry.ReadAsync(database, new(store.ReadLimit), threads, cancellation) : []);
        foreach (var id in threads.Keys)
            if ((times.TryGetValue(id, out var at) ? at : expiring?.GetValueOrDefault(id)) is { } time) yield return new(UnitId.Thread(id), time);
    }

    public ValueTask DisposeAsync()
    {
        gate.Dispose();
        return default;
    }

    private Task CaptureAsync(IEnumerable<KeyValuePair<string, SaverThread>> threads, IRecordSink sink, CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        var reader = new SaverReader(store, layout, database);
        var left = threads.ToList();
        for (var listing = 1; left.Count > 0; listing++)
        {
            var moved = new List<string>();
            foreach (var (id, thread) in left)
                if (!await reader.ReadAsync(id, thread, sink, tooOften: listing == Listings, cancellation)) moved.Add(id);
            if (moved.Count == 0) break;
            var again = await ListAnewAsync(cancellation);
            left = moved.Where(again.ContainsKey).Select(id => KeyValuePair.Create(id, again[id])).ToList();
        }
        var now = await SaverFacts.ReadAsync(store, layout, database, ownRestore: list is not null);
        if ((now.RunId, now.ReplicationId) == (facts.RunId, facts.ReplicationId) && (now.Indexed || !facts.Indexed)) return;
        throw new BackupException(ErrorKind.Unreachable, $"the store of '{store.Name}' was {(now.RunId == facts.RunId && now.ReplicationId == facts.ReplicationId ? "emptied" : "restarted or failed over")} while it was read",
            "Nothing of this run is visible, and nothing is taken for deleted. Make sure that the store is what it should be, then run the same command again.");
    });

    private async Task<SortedDictionary<string, SaverThread>> ListedAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            return listed ??= await RedisErrors.GuardAsync(store, () => list is null ? LookAsync(cancellation) : list(cancellation));
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<SortedDictionary<string, SaverThread>> ListAnewAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            return await LookAsync(cancellation);
        }
        finally
        {
            gate.Release();
        }
    }

    // A scan sees some of what comes meanwhile, and not all that came before that. Whatever came before a checkpoint that one scan has seen is
    // seen by the next: of each thread, checkpoints are taken up to the newest that the scan before has seen.
    private async Task<SortedDictionary<string, SaverThread>> LookAsync(CancellationToken cancellation)
    {
        if (layout.IsShallow)
        {
            var before = earlier ?? await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation);
            earlier = await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation);
            foreach (var (id, thread) in earlier) thread.Earlier = before.TryGetValue(id, out var known) ? (known.Checkpoints, known.Writes) : ([], []);
            return earlier;
        }
        var upTo = newest?.ToDictionary(StringComparer.Ordinal) ?? [];
        var threads = await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation);
        var fresh = threads.Where(t => t.Value.Newest is not null && !upTo.ContainsKey(t.Key)).ToList();
        if (fresh.Count > 0)
        {
            foreach (var (id, thread) in fresh) upTo[id] = thread.Newest!;
            threads = await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation);
        }
        foreach (var (id, thread) in threads.Where(t => t.Value.Newest is not null).ToList())
        {
            if (!upTo.TryGetValue(id, out var last)) threads.Remove(id);
            // One that was deleted and made anew is as it was in between: gone.
            else if (thread.Checkpoints.RemoveAll(c => string.CompareOrdinal(c.Id, last) > 0) > 0 && thread.Checkpoints.Count == 0) threads.Remove(id);
        }
        return threads;
    }
}

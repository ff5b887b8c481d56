using System.Globalization;
using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Changes;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Capture;

/// <summary>A cut of a store in the plain layout: each unit is read as it is at an instant of its own, not before the cut.</summary>
internal sealed class PlainCut : ISourceCut
{
    private readonly RedisStoreOptions store;
    private readonly IDatabase database;
    private readonly PlainKeys keys;
    private readonly StoreFacts facts;
    private readonly UnitView view;
    private readonly bool ownRestore;

    public PlainCut(RedisStoreOptions store, IDatabase database, PlainKeys keys, StoreFacts facts, CutDescription description, PlainKeys? aside = null)
    {
        (this.store, this.database, this.keys, this.facts) = (store, database, keys, facts);
        ownRestore = aside is not null;
        view = new(database, keys, aside);
        Description = description;
        Changes = aside is null ? new PlainChanges(store, database, keys, description, this) : null;
    }

    public CutDescription Description { get; }

    public IChangeTracking? Changes { get; }

    public static CutDescription Describe(StoreFacts facts, string? token = null, DateTimeOffset? time = null, long? sequence = null) => new()
    {
        Token = token ?? string.Create(CultureInfo.InvariantCulture, $"{facts.Id}/{facts.RunId}/{facts.ReplicationId}/{facts.Sequence}/{facts.Time.UtcTicks}"),
        Time = time ?? facts.Time,
        Moving = true,
        Identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["storeId"] = facts.Id, ["runId"] = facts.RunId, ["replicationId"] = facts.ReplicationId, ["serverVersion"] = facts.ServerVersion,
            ["sequence"] = (sequence ?? facts.Sequence).ToString(CultureInfo.InvariantCulture),
        },
        Layout = PlainLayout.Encode(facts.Origin),
        UnitsEstimate = facts.Units,
    };

    public Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation) => RedisErrors.GuardAsync<IReadOnlyList<Shard>>(store, async () =>
    {
        var shards = new List<Shard>();
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            var count = await database.SortedSetLengthAsync(keys.Index(kind));
            if (count == 0 && kind == UnitKind.Memory) continue;
            var size = Math.Max(1, (count + wanted - 1) / wanted);
            string? from = null;
            for (var rank = size; rank < count; rank += size)
            {
                if (await database.SortedSetRangeByRankAsync(keys.Index(kind), rank, rank) is not [var id] || (string)id! is var next && next == from) continue;
                shards.Add(new(shards.Count, kind, from, next));
                from = next;
            }
            shards.Add(new(shards.Count, kind, from, null));
        }
        return shards;
    });

    public Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        var reader = Reader();
        await foreach (var ids in PagesAsync(shard.Kind, shard.From, shard.To, cancellation))
            await reader.ReadAsync(ids, sink, cancellation);
        await EnsureSameAsync();
    });

    public Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        await Reader().ReadAsync([.. units.Distinct()], sink, cancellation);
        await EnsureSameAsync();
    });

    public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = Reader();
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            var pages = PagesAsync(kind, null, null, cancellation).GetAsyncEnumerator(cancellation);
            while (await RedisErrors.GuardAsync(store, async () => await pages.MoveNextAsync()))
            {
                var (ids, present) = (pages.Current, new List<UnitId>());
                await RedisErrors.GuardAsync(store, async () =>
                {
                    var places = await view.KeysAsync(ids);
                    var found = await reader.FactsAsync(ids, places);
                    for (var i = 0; i < ids.Count; i++)
                    {
                        if (found[i] is not null) present.Add(ids[i]);
                        else if (places[i] is { } place) await reader.EnsureGoneAsync(ids[i], place);
                    }
                });
                foreach (var unit in present) yield return unit;
            }
        }
        await RedisErrors.GuardAsync(store, EnsureSameAsync);
    }

    /// <inheritdoc/>
    /// <remarks>A thread that has expired stays in the sorted set, and so is named with the time it went.</remarks>
    public async IAsyncEnumerable<UnitExpiry> Expiries([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (await RedisErrors.GuardAsync(store, () => database.SortedSetLengthAsync(keys.Expiry)) == 0) yield break;
        var pages = PagesAsync(UnitKind.Thread, null, null, cancellation).GetAsyncEnumerator(cancellation);
        while (await RedisErrors.GuardAsync(store, async () => await pages.MoveNextAsync()))
        {
            var ids = pages.Current;
            var times = await RedisErrors.GuardAsync(store, () => database.SortedSetScoresAsync(keys.Expiry, [.. ids.Select(u => (RedisValue)u.Id)]));
            for (var i = 0; i < ids.Count; i++)
                if (times[i] is { } at) yield return new(ids[i], DateTimeOffset.FromUnixTimeMilliseconds((long)at));
        }
        await RedisErrors.GuardAsync(store, EnsureSameAsync);
    }

    public ValueTask DisposeAsync() => default;

    /// <summary>Units that the index lists, a page at a time.</summary>
    internal async IAsyncEnumerable<List<UnitId>> PagesAsync(UnitKind kind, string? from, string? to, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var including = true;
        while (await view.IdsAsync(kind, from, including, to) is { Count: > 0 } ids)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return ids.ConvertAll(id => new UnitId(kind, id));
            (from, including) = (ids[^1], false);
        }
    }

    internal UnitReader Reader() => new(store, database, view, EnsureSameAsync);

    /// <summary>What was read is of the store and the process the cut is of: nothing was emptied, loaded anew or set back under the reader.</summary>
    internal async Task EnsureSameAsync()
    {
        var now = await StoreFacts.ReadAsync(store, database, keys, ownRestore);
        if (now is not null && (now.Id, now.RunId, now.ReplicationId) == (facts.Id, facts.RunId, facts.ReplicationId)) return;
        throw new BackupException(ErrorKind.Unreachable, $"the store of '{store.Name}' was {(now?.Id != facts.Id ? "emptied or made anew" : "restarted or failed over")} while it was read",
            "Nothing of this run is visible, and nothing is taken for deleted. Make sure that the store is what it should be, then run the same command again.");
    }
}

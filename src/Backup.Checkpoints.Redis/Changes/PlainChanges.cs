using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Stores;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Changes;

/// <summary>What was written since an earlier cut, told by the numbers that units and records carry.</summary>
internal sealed class PlainChanges(RedisStoreOptions store, IDatabase database, PlainKeys keys, CutDescription now, PlainCut cut) : IChangeTracking
{
    // What came on top of one unit and is kept in memory until the unit is known not to have changed.
    private const long MaxDelta = 8 << 20;
    private readonly ConcurrentDictionary<UnitId, long> digested = [];

    public Continuity ContinuityWith(EarlierCut earlier)
    {
        foreach (var (name, what) in new[] { ("storeId", "the store was made anew"), ("runId", "the server was started again"), ("replicationId", "the server's data has another history, as after a fail-over") })
            if (earlier.Identity.GetValueOrDefault(name) != now.Identity[name]) return new(ContinuityKind.Compare, what);
        return Since(earlier) <= Since(now.Identity) ? new(ContinuityKind.GoesOn) : new(ContinuityKind.Compare, "the store's counter of changes is behind the base: it was set back");
    }

    public async IAsyncEnumerable<UnitActivity> ActivityAsync(EarlierCut earlier, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = cut.Reader();
        var since = Since(earlier);
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            var pages = cut.PagesAsync(kind, null, null, cancellation).GetAsyncEnumerator(cancellation);
            while (await RedisErrors.GuardAsync(store, async () => await pages.MoveNextAsync()))
            {
                var ids = pages.Current;
                var found = await RedisErrors.GuardAsync(store, async () =>
                {
                    var facts = await reader.FactsAsync(ids, ids.ConvertAll(_ => (PlainKeys?)keys));
                    for (var i = 0; i < ids.Count; i++)
                        if (facts[i] is null) await reader.EnsureGoneAsync(ids[i], keys);
                    return facts;
                });
                for (var i = 0; i < ids.Count; i++)
                    if (found[i] is { } facts) yield return new(ids[i], facts.Version > since, facts.Counts);
            }
        }
        await RedisErrors.GuardAsync(store, cut.EnsureSameAsync);
    }

    public Task<IReadOnlyDictionary<UnitId, UnitDigest>> DigestUntouchedKeysAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, CancellationToken cancellation) =>
        RedisErrors.GuardAsync<IReadOnlyDictionary<UnitId, UnitDigest>>(store, async () =>
        {
            var digests = new Dictionary<UnitId, UnitDigest>();
            foreach (var unit in units)
            {
                cancellation.ThrowIfCancellationRequested();
                var digest = digests[unit] = new();
                var transaction = database.CreateTransaction();
                var asked = transaction.HashGetAsync(keys.Records(unit), UnitFacts.Fields);
                var length = transaction.HashLengthAsync(keys.Records(unit));
                var untouched = transaction.SortedSetRangeByScoreAsync(keys.Order(unit), stop: Since(earlier));
                await transaction.ExecuteAsync();
                // One that was made since is all new, whatever the numbers of its records are.
                if (UnitFacts.Read(await asked) is not { } facts || facts.Incarnation > Since(earlier)) continue;
                UnitReader.EnsureCounted(store, unit, facts.Count, await length - (await asked).Count(f => !f.IsNull));
                foreach (var field in await untouched) digest.AddKey((RecordKind)((byte[])field!)[0], (byte[])field!);
                digested[unit] = facts.Version;
            }
            return digests;
        });

    /// <inheritdoc/>
    /// <remarks>A unit that has changed since its untouched keys were digested is not reported.</remarks>
    public Task CaptureTouchedAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        var reader = cut.Reader();
        foreach (var unit in units)
        {
            cancellation.ThrowIfCancellationRequested();
            if (digested.TryGetValue(unit, out var version) && await TouchedAsync(unit, version) is { } touched) await EmitAsync(unit, touched);
        }
        await cut.EnsureSameAsync();

        async Task<List<(RedisValue Field, RedisValue Value)>?> TouchedAsync(UnitId unit, long version)
        {
            var touched = new List<(RedisValue, RedisValue)>();
            long bytes = 0;
            foreach (var chunk in (await database.SortedSetRangeByScoreAsync(keys.Order(unit), Since(earlier), exclude: Exclude.Start)).Chunk(64))
            {
                var values = await database.HashGetAsync(keys.Records(unit), chunk);
                for (var i = 0; i < chunk.Length; i++)
                {
                    touched.Add((chunk[i], values[i]));
                    bytes += values[i].Length();
                }
                if (bytes > MaxDelta) return null;
            }
            await reader.PaceAsync(bytes, cancellation);
            return UnitFacts.Read(await database.HashGetAsync(keys.Records(unit), UnitFacts.Fields))?.Version == version ? touched : null;
        }

        async Task EmitAsync(UnitId unit, List<(RedisValue Field, RedisValue Value)> touched)
        {
            await sink.BeginAsync(unit, cancellation);
            foreach (var (field, value) in touched) await sink.WriteAsync(reader.Record(unit, field, value), cancellation);
            await sink.EndAsync(cancellation);
        }
    });

    private static long Since(EarlierCut earlier) => Since(earlier.Identity);

    private static long Since(IReadOnlyDictionary<string, string> identity) => long.Parse(identity["sequence"], CultureInfo.InvariantCulture);
}

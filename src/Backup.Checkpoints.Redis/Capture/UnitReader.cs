using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Capture;

/// <summary>
/// Reads units, each as it was at one instant. Small ones are read by one command, many in one go. A large one is scanned, and what came
/// meanwhile is read after it until nothing comes any more.
/// </summary>
internal sealed class UnitReader(RedisStoreOptions store, IDatabase database, UnitView view, Func<Task> ensureSame)
{
    // What is larger is scanned.
    private const int Large = 1 << 20;
    private readonly ReadPace pace = new(store.ReadLimit);
    private readonly CanonicalRecord canonical = new();

    /// <summary>Reads what there is of the units into a sink.</summary>
    /// <param name="units">The units.</param>
    /// <param name="sink">Takes them.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task ReadAsync(IReadOnlyList<UnitId> units, IRecordSink sink, CancellationToken cancellation)
    {
        foreach (var page in units.Chunk(UnitView.Page))
        {
            var keys = await view.KeysAsync(page);
            var facts = await FactsAsync(page, keys);
            var batch = new List<(UnitId Unit, PlainKeys Keys)>();
            long bytes = 0;
            for (var i = 0; i < page.Length; i++)
            {
                if (facts[i] is not { } known)
                {
                    if (keys[i] is { } place) await EnsureGoneAsync(page[i], place);
                    continue;
                }
                if (known.Bytes > Large)
                {
                    bytes = await EmitAsync(batch, bytes, sink, cancellation);
                    await StreamAsync(page[i], keys[i]!, sink, cancellation);
                    continue;
                }
                batch.Add((page[i], keys[i]!));
                if ((bytes += known.Bytes) >= pace.Bytes) bytes = await EmitAsync(batch, bytes, sink, cancellation);
            }
            await EmitAsync(batch, bytes, sink, cancellation);
        }
    }

    /// <summary>Returns when so many bytes may be read.</summary>
    public ValueTask PaceAsync(long bytes, CancellationToken cancellation) => pace.PayAsync(bytes, cancellation);

    /// <summary>What the hashes of units say, in their order; null where there is none.</summary>
    public async Task<IReadOnlyList<UnitFacts?>> FactsAsync(IReadOnlyList<UnitId> units, IReadOnlyList<PlainKeys?> keys)
    {
        var found = await pace.AskAsync(units.Zip(keys).Where(u => u.Second is not null), u => database.HashGetAsync(u.Second!.Records(u.First), UnitFacts.Fields));
        var next = 0;
        return units.Select((_, i) => keys[i] is null ? null : UnitFacts.Read(found[next++])).ToList();
    }

    /// <summary>A record of a unit.</summary>
    public EncodedRecord Record(UnitId unit, RedisValue field, RedisValue value)
    {
        try
        {
            return canonical.Read((byte[])field!, (byte[])value!);
        }
        catch (RecordFormatException error)
        {
            throw new BackupException(ErrorKind.Failed, $"'{store.Name}': {unit} holds {error.Message}",
                "Nothing of this run is visible. What wrote it does not keep to the plain layout (docs/redis.md); delete the thread, or repair it.", error);
        }
    }

    /// <summary>Makes sure that a unit without records was deleted, expired or never there, and was not lost.</summary>
    public async Task EnsureGoneAsync(UnitId unit, PlainKeys keys)
    {
        RedisValue id = unit.Id;
        var transaction = database.CreateTransaction();
        var index = transaction.SortedSetScoreAsync(keys.Index(unit.Kind), id);
        var records = transaction.KeyExistsAsync(keys.Records(unit));
        var expiry = transaction.SortedSetScoreAsync(keys.Expiry, id);
        var clock = transaction.ExecuteAsync("TIME");
        await transaction.ExecuteAsync();
        if (await index is null || await records) return;
        var seconds = (long)((RedisResult[])(await clock)!)[0];
        if (unit.Kind == UnitKind.Thread && await expiry is { } at && at <= (seconds + 1) * 1000.0) return;
        await ensureSame();
        throw new BackupException(ErrorKind.Failed, $"'{store.Name}' is not whole: the records of {unit} are gone, and it was not deleted",
            "Nothing was captured, and nothing is taken for deleted. Keys were removed by hand or dropped by the server: restore that thread, or delete it as an app does.");
    }

    private async Task<long> EmitAsync(List<(UnitId Unit, PlainKeys Keys)> batch, long bytes, IRecordSink sink, CancellationToken cancellation)
    {
        await PaceAsync(bytes, cancellation);
        foreach (var ((unit, keys), fields) in batch.Zip(await pace.ReadAsync(batch, u => database.HashGetAllAsync(u.Keys.Records(u.Unit)))))
        {
            cancellation.ThrowIfCancellationRequested();
            // Deleted since: whether it was is decided by the index.
            if (fields.Length == 0)
            {
                await EnsureGoneAsync(unit, keys);
                continue;
            }
            var records = fields.Where(f => IsRecord(f.Name)).Select(f => ((byte[])f.Name!, f.Value)).ToList();
            var own = fields.Where(f => !IsRecord(f.Name)).ToDictionary(f => (string)f.Name!, f => f.Value, StringComparer.Ordinal);
            EnsureCounted(store, unit, UnitFacts.Read([.. UnitFacts.Fields.Select(f => own.GetValueOrDefault((string)f!))])?.Count ?? 0, records.Count);
            records.Sort((a, b) => a.Item1.AsSpan().SequenceCompareTo(b.Item1));
            await sink.BeginAsync(unit, cancellation);
            foreach (var (field, value) in records) await sink.WriteAsync(Record(unit, field, value), cancellation);
            await sink.EndAsync(cancellation);
        }
        batch.Clear();
        return 0;
    }

    private async Task StreamAsync(UnitId unit, PlainKeys keys, IRecordSink sink, CancellationToken cancellation)
    {
        var key = keys.Records(unit);
        if (await FactsAsync(unit, keys) is not { } first)
        {
            await EnsureGoneAsync(unit, keys);
            return;
        }
        var seen = new Dictionary<Digest256, Digest256>();
        // What is updated in place is read last, and at once.
        var kept = new List<RedisValue>();
        await sink.BeginAsync(unit, cancellation);
        var now = first;
        await foreach (var entry in database.HashScanAsync(key, pageSize: (int)Math.Clamp((long)pace.Bytes * first.Count / first.Bytes, 1, 1000)).WithCancellation(cancellation))
            await TakeAsync(entry.Name, entry.Value);
        while (true)
        {
            var transaction = database.CreateTransaction();
            var facts = transaction.HashGetAsync(key, UnitFacts.Fields);
            var last = kept.Count > 0 ? transaction.HashGetAsync(key, [.. kept]) : Task.FromResult(Array.Empty<RedisValue>());
            var came = transaction.SortedSetRangeByScoreAsync(keys.Order(unit), now.Version, exclude: Exclude.Start);
            await transaction.ExecuteAsync();
            if (UnitFacts.Read(await facts) is not { } then || then.Incarnation != first.Incarnation) throw Changed(unit);
            if (then.Version == now.Version)
            {
                var values = await last;
                for (var i = 0; i < kept.Count; i++)
                    if (!values[i].IsNull) await EmitAsync(kept[i], values[i]);
                EnsureCounted(store, unit, then.Count, seen.Count);
                break;
            }
            var fields = await came;
            foreach (var chunk in fields.Chunk(64))
            {
                var values = await database.HashGetAsync(key, chunk);
                for (var i = 0; i < chunk.Length; i++)
                    if (!values[i].IsNull) await TakeAsync(chunk[i], values[i]);
            }
            now = then;
        }
        await sink.EndAsync(cancellation);

        async Task TakeAsync(RedisValue field, RedisValue value)
        {
            if (!IsRecord(field)) return;
            if (!IsUpdatedInPlace((byte[])field!)) await EmitAsync(field, value);
            else if (!kept.Contains(field)) kept.Add(field);
        }

        async Task EmitAsync(RedisValue field, RedisValue value)
        {
            var record = Record(unit, field, value);
            var (name, content) = (Digest256.Of(record.Key.Span), Digest256.Of(record.Bytes.Span));
            // A scan may show a field twice; one that changed after it was taken cannot be taken back.
            if (seen.TryGetValue(name, out var before))
            {
                if (before != content) throw Changed(unit);
                return;
            }
            seen.Add(name, content);
            await PaceAsync(record.Bytes.Length, cancellation);
            await sink.WriteAsync(record, cancellation);
        }
    }

    private async Task<UnitFacts?> FactsAsync(UnitId unit, PlainKeys keys) => UnitFacts.Read(await database.HashGetAsync(keys.Records(unit), UnitFacts.Fields));

    /// <summary>A unit holds as many records as it counts.</summary>
    public static void EnsureCounted(RedisStoreOptions store, UnitId unit, long counted, long found)
    {
        if (counted != found)
            throw new BackupException(ErrorKind.Failed, $"'{store.Name}' is not whole: {unit} counts {counted} records, and {found} were found",
                "Nothing of this run is visible. What wrote it does not keep to the plain layout (docs/redis.md); restore that thread, or delete it.");
    }

    private BackupException Changed(UnitId unit) => new(ErrorKind.Unreachable, $"{unit} of '{store.Name}' was replaced or rewritten while it was read",
        "Nothing of this run is visible. Run the same command again.");

    // Own fields begin with a letter, records with the number of their kind.
    internal static bool IsRecord(RedisValue field) => ((byte[])field!) is [<= UnitDigest.Kinds, ..];

    // Special writes have a negative index, whose zig-zag form is odd.
    private static bool IsUpdatedInPlace(byte[] field)
    {
        if (field[0] != (byte)RecordKind.PendingWrite) return field[0] is (byte)RecordKind.StoreItem or (byte)RecordKind.StoreVector;
        var reader = new RecordReader(field);
        for (var i = 0; i < 3; i++) reader.Bytes();
        return reader.Signed() < 0;
    }
}

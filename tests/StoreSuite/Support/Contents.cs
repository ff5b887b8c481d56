using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>What a store holds: the records of every unit by kind and key. The oracle that captures are compared with, byte by byte.</summary>
internal sealed class Contents : IRecordSink
{
    private readonly Dictionary<UnitId, SortedDictionary<string, byte[]>> units = [];
    private readonly Dictionary<UnitId, Dictionary<string, int>> keys = [];
    private UnitId? current;

    public IEnumerable<UnitId> Units => units.Keys;

    public Contents Put(UnitId unit, params Action<RecordBuffer>[] records)
    {
        var buffer = new RecordBuffer();
        foreach (var encode in records)
        {
            encode(buffer);
            Set(unit, buffer.Record);
        }
        return this;
    }

    public Contents Put(UnitId unit, IEnumerable<EncodedRecord> records)
    {
        foreach (var record in records) Set(unit, record);
        return this;
    }

    public Contents Remove(params IEnumerable<UnitId> gone)
    {
        foreach (var unit in gone) units.Remove(unit);
        return this;
    }

    public IEnumerable<EncodedRecord> Records(UnitId unit) => units[unit].Select(r => new EncodedRecord(r.Value, keys[unit][r.Key]));

    public Contents Only(params IEnumerable<UnitId> wanted)
    {
        var only = new Contents();
        foreach (var unit in wanted.Where(units.ContainsKey)) (only.units[unit], only.keys[unit]) = (new(units[unit]), new(keys[unit]));
        return only;
    }

    public Contents Copy() => Only(Units);

    /// <summary>Every shard of a plan, each record seen once.</summary>
    public static async Task<Contents> ReadAsync(ISourceCut cut, int shards = 4)
    {
        var all = new Contents();
        foreach (var shard in await cut.PlanAsync(shards, default)) await cut.CaptureAsync(shard, all, default);
        return all;
    }

    public static async Task<Contents> ReadAsync(ICheckpointSource store)
    {
        await using var cut = await store.CutAsync(default);
        return await ReadAsync(cut);
    }

    public static void AssertEqual(Contents expected, Contents actual, string because = "")
    {
        Assert.True(expected.units.Keys.ToHashSet().SetEquals(actual.units.Keys),
            $"{because}: missing {Show(expected.units.Keys.Except(actual.units.Keys))}; extra {Show(actual.units.Keys.Except(expected.units.Keys))}");
        foreach (var (unit, records) in expected.units)
        {
            Assert.True(records.Keys.SequenceEqual(actual.units[unit].Keys), $"{because}: the keys of {unit} differ: {records.Count} expected, {actual.units[unit].Count} found");
            foreach (var (key, bytes) in records)
                Assert.True(bytes.AsSpan().SequenceEqual(actual.units[unit][key]), $"{because}: record {key} of {unit} differs:\n{Text(bytes)}\n{Text(actual.units[unit][key])}");
        }
    }

    /// <summary>Whether a unit is the same in both, or in neither.</summary>
    public bool IsSame(UnitId unit, Contents other) => units.TryGetValue(unit, out var records)
        ? other.units.TryGetValue(unit, out var others) && records.Keys.SequenceEqual(others.Keys) && records.All(r => r.Value.AsSpan().SequenceEqual(others[r.Key]))
        : !other.units.ContainsKey(unit);

    public ValueTask BeginAsync(UnitId unit, CancellationToken cancellation)
    {
        Assert.Null(current);
        Assert.True(units.TryAdd(unit, []), $"{unit} came twice");
        keys[unit] = [];
        current = unit;
        return default;
    }

    public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        var key = Convert.ToHexString(record.Key.Span);
        Assert.True(units[current!.Value].TryAdd(key, record.Bytes.ToArray()), $"record {key} of {current} came twice");
        keys[current.Value][key] = record.KeyLength;
        return default;
    }

    public ValueTask EndAsync(CancellationToken cancellation)
    {
        Assert.NotEmpty(units[current!.Value]);
        current = null;
        return default;
    }

    private void Set(UnitId unit, EncodedRecord record)
    {
        if (!units.TryGetValue(unit, out var records)) (units[unit], keys[unit]) = (records = [], []);
        var key = Convert.ToHexString(record.Key.Span);
        records[key] = record.Bytes.ToArray();
        keys[unit][key] = record.KeyLength;
    }

    private static string Show(IEnumerable<UnitId> units) => string.Join(", ", units.Take(5).Select(u => $"'{u.Id}'"));

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 300)));
}

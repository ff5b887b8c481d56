using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Backup.Tests.Unit.Format;

/// <summary>Reads an archive by docs/format.md alone, and says what it holds in the words of tests/golden.</summary>
internal sealed class PageArchive(IReadOnlyDictionary<string, byte[]> objects, Secrets secrets)
{
    private static readonly BigInteger Modulus = BigInteger.One << 256;
    private readonly Dictionary<(string, long), byte[]> frames = [];

    /// <summary>The backups, oldest first, each with its units; the ones removed; and the runs marked as dead.</summary>
    public JsonObject Read()
    {
        var manifests = new List<(string Run, JsonNode Manifest)>();
        var removed = new HashSet<string>();
        var derived = new List<(string Run, string Of, int Layers)>();
        var heads = new HashSet<string>();
        foreach (var (name, bytes) in objects.Where(o => o.Key.StartsWith("seals/", StringComparison.Ordinal)).OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            var seal = Document(5, name);
            Assert.Equal(name, string.Create(CultureInfo.InvariantCulture, $"seals/{(long)seal["sequence"]!:D10}-{(string)seal["run"]!}"));
            var highest = 0L;
            foreach (var previous in seal["previous"]!.AsArray())
            {
                CheckDigest(previous!);
                heads.Remove((string)previous!["object"]!);
                highest = Math.Max(highest, long.Parse(((string)previous!["object"]!).AsSpan(6, 10), CultureInfo.InvariantCulture));
            }
            Assert.Equal(highest + 1, (long)seal["sequence"]!);
            heads.Add(name);
            foreach (var gone in seal["removal"]?["backups"]!.AsArray() ?? []) removed.Add((string)gone!);
            if (seal["supersedes"] is { } of) derived.Add(((string)seal["run"]!, (string)of["backupId"]!, (int)of["layers"]!));
            if (seal["manifest"] is { } manifest) manifests.Add(((string)seal["run"]!, manifest));
        }
        Assert.Single(heads);
        var bySeal = manifests.DistinctBy(m => m.Run).ToDictionary(m => m.Run, m => m.Manifest);
        return new JsonObject
        {
            ["archiveId"] = (string)Secrets.ReadChecked(objects["archive"])["archiveId"]!,
            ["removed"] = new JsonArray([.. removed.Order(StringComparer.Ordinal).Select(r => JsonValue.Create(r))]),
            ["marked"] = new JsonArray([.. objects.Keys.Where(name => name.StartsWith("dead/", StringComparison.Ordinal)).Select(MarkedRun).Distinct().Order(StringComparer.Ordinal).Select(r => JsonValue.Create(r))]),
            ["derived"] = new JsonArray([.. derived.Select(d => ReadDerived(d.Run, d.Of, d.Layers, bySeal))]),
            ["backups"] = new JsonArray([.. manifests.Where(m => !removed.Contains(m.Run) && derived.TrueForAll(d => d.Run != m.Run)).DistinctBy(m => m.Run).Select(m => ReadBackup(m.Run, m.Manifest, bySeal))]),
            ["logs"] = new JsonArray([.. objects.Keys.Where(name => name.StartsWith("logs/", StringComparison.Ordinal)).Select(name => name.Split('/')[1]).Distinct().Order(StringComparer.Ordinal)
                .Select(source => new JsonObject { ["source"] = source, ["moments"] = new PageLog(this, source).Read(Bases(source)) })]),
        };

        List<PageLog.Base> Bases(string source) => [.. manifests.Where(m => !removed.Contains(m.Run) && derived.TrueForAll(d => d.Run != m.Run)).DistinctBy(m => m.Run).Select(m => ReadUnits(m.Run, bySeal))
            .Where(b => (string)b.Manifest["source"]!["name"]! == source && b.Manifest["source"]!["identity"]!["positionExact"] is not null).Select(b => new PageLog.Base(b.Manifest, b.Units))];
    }

    /// <summary>Names of the objects.</summary>
    public IEnumerable<string> Names => objects.Keys;

    private string MarkedRun(string name)
    {
        var mark = Document(7, name);
        var run = (string)mark["run"]!;
        Assert.Equal($"dead/{run}-", name[..^8]);
        Assert.True((DateTimeOffset)mark["lastSign"]! <= (DateTimeOffset)mark["time"]!);
        return run;
    }

    // What stands in the place of a backup holds what that one holds.
    private JsonObject ReadDerived(string run, string of, int layers, Dictionary<string, JsonNode> manifests)
    {
        var (derived, original) = (ReadBackup(run, manifests[run], manifests), ReadBackup(of, manifests[of], manifests));
        var manifest = Document(4, (string)manifests[run]["object"]!);
        Assert.Equal(of, (string)manifest["derived"]!["backupId"]!);
        Assert.All(manifest["derived"]!["inputs"]!.AsArray(), input => Assert.Contains((string)input!, manifests.Keys));
        Assert.True((int)manifest["derived"]!["unchecked"]! >= 0);
        Assert.Equal(manifest["base"] is null, layers == 1);
        Assert.Equal(original["units"]!.ToJsonString(), derived["units"]!.ToJsonString());
        Assert.Equal((string)original["stateRoot"]!, (string)derived["stateRoot"]!);
        return new JsonObject { ["backupId"] = run, ["of"] = of, ["strategy"] = (string)derived["strategy"]! };
    }

    private JsonObject ReadBackup(string run, JsonNode sealedManifest, Dictionary<string, JsonNode> manifests)
    {
        CheckDigest(sealedManifest);
        var (manifest, held) = ReadUnits(run, manifests);
        foreach (var working in manifest["working"]!.AsArray()) CheckDigest(working!);
        var units = new JsonArray();
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var totals = new long[4];
        foreach (var (key, unit) in held)
        {
            Assert.Equal(unit.Raw, unit.Records.Sum(r => (long)r.Bytes.Length));
            Assert.Equal(unit.Summary, Summary(unit.Records));
            foreach (var part in new[] { key, unit.Summary })
            {
                var length = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
                root.AppendData(length);
                root.AppendData(part);
            }
            totals = [totals[0] + 1, totals[1] + (key[0] == 0 ? 1 : 0), totals[2] + unit.Records.Count, totals[3] + unit.Raw];
            units.Add(new JsonObject { ["kind"] = key[0], ["id"] = Encoding.UTF8.GetString(key.AsSpan(1)), ["records"] = unit.Records.Count, ["rawBytes"] = unit.Raw, ["summary"] = Convert.ToHexStringLower(unit.Summary) });
        }
        var stateRoot = root.GetHashAndReset();
        Assert.Equal(Convert.FromBase64String((string)manifest["stateRoot"]!), stateRoot);
        Assert.Equal(totals, new[] { "units", "threads", "records", "rawBytes" }.Select(n => (long)manifest["totals"]![n]!));
        return new JsonObject
        {
            ["backupId"] = run, ["source"] = (string)manifest["source"]!["name"]!, ["kind"] = (string)manifest["source"]!["kind"]!, ["strategy"] = (string)manifest["strategy"]!,
            ["cutTime"] = (string)manifest["source"]!["cutTime"]!, ["totals"] = manifest["totals"]!.DeepClone(), ["stateRoot"] = Convert.ToHexStringLower(stateRoot), ["units"] = units,
        };
    }

    // The units of a backup on top of those of its base.
    private (JsonNode Manifest, SortedDictionary<byte[], HeldUnit> Units) ReadUnits(string run, Dictionary<string, JsonNode> manifests)
    {
        var manifest = Document(4, (string)manifests[run]["object"]!);
        Assert.Equal(run, (string)manifest["backupId"]!);
        var units = new SortedDictionary<byte[], HeldUnit>(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        if (manifest["base"] is { } named)
        {
            (var below, units) = ReadUnits((string)named["backupId"]!, manifests);
            Assert.Equal((string)below["stateRoot"]!, (string)named["stateRoot"]!);
        }
        var segments = manifest["segments"]!.AsArray().Select(s => CheckReference(s!)).ToList();
        var index = manifest["index"]!;
        var indexName = CheckReference(index["object"]!);
        foreach (var (key, form, summary, raw, pieces) in Leaves(indexName, (long)index["rootOffset"]!, (long)index["rootLength"]!))
        {
            if (form == 2)
            {
                Assert.True(units.Remove(key));
                continue;
            }
            var records = pieces.SelectMany(p => Records(Frame(segments[p.Segment], p.Offset, p.Length), key, p.Start, p.Size)).ToList();
            if (form == 1)
            {
                var replaced = records.Select(KeyOf).ToHashSet();
                records.AddRange(units[key].Records.Where(r => !replaced.Contains(KeyOf(r))));
            }
            units[key] = new(summary, raw, records);
        }
        return (manifest, units);

        static string KeyOf((byte[] Bytes, int KeyLength) record) => Convert.ToHexString(record.Bytes.AsSpan(0, record.KeyLength));
    }

    internal sealed record HeldUnit(byte[] Summary, long Raw, List<(byte[] Bytes, int KeyLength)> Records);

    internal byte[] Frame(string segment, long offset, long length) =>
        frames.TryGetValue((segment, offset), out var frame) ? frame : frames[(segment, offset)] = Sealed.Open(secrets, 1, segment, objects[segment], offset, length);

    internal IEnumerable<(byte[] Key, ulong Form, byte[] Summary, long Raw, List<(int Segment, long Offset, long Length, int Start, int Size)> Pieces)> Leaves(string index, long offset, long length)
    {
        var content = Sealed.Open(secrets, 2, index, objects[index], offset, length);
        var page = new FieldReader(content);
        var level = page.Byte();
        var count = page.Varint();
        Assert.True(content.Length <= 64 * 1024 + 11 || count == 1);
        for (ulong i = 0; i < count; i++)
        {
            var key = page.Bytes();
            if (level > 0)
            {
                foreach (var leaf in Leaves(index, (long)page.Varint(), (long)page.Varint())) yield return leaf;
                page.Varint();
                continue;
            }
            var form = page.Varint();
            var summary = page.Bytes();
            var raw = (long)page.Varint();
            var pieces = new List<(int, long, long, int, int)>();
            for (var left = page.Varint(); left > 0; left--)
                pieces.Add(((int)page.Varint(), (long)page.Varint(), (long)page.Varint(), (int)page.Varint(), (int)page.Varint()));
            yield return (key, form, summary, raw, pieces);
        }
        Assert.True(page.AtEnd);
    }

    private static IEnumerable<(byte[] Bytes, int KeyLength)> Records(byte[] frame, byte[] key, int start, int size) =>
        Entries(frame, key, start, size).Select(r =>
        {
            Assert.Equal(r.KeyLength, RecordShape.KeyLength(r.Bytes));
            return r;
        });

    internal static IEnumerable<(byte[] Bytes, int KeyLength)> Entries(byte[] frame, byte[] key, int start, int size)
    {
        var entries = new FieldReader(frame.AsMemory(start, size));
        Assert.Equal(0UL, entries.Varint());
        Assert.Equal(key, entries.Bytes());
        while (!entries.AtEnd)
        {
            var keyLength = (int)entries.Varint();
            yield return (entries.Bytes(), keyLength);
        }
    }

    /// <summary>The summary of a unit's records.</summary>
    public static byte[] Summary(List<(byte[] Bytes, int KeyLength)> records)
    {
        var output = new List<byte> { 0 };
        foreach (var kind in records.GroupBy(r => r.Bytes[0]).OrderBy(g => g.Key))
        {
            output[0] |= (byte)(1 << (kind.Key - 1));
            for (var count = kind.Count(); ; count >>= 7)
            {
                output.Add((byte)(count < 0x80 ? count : (count & 0x7f) | 0x80));
                if (count < 0x80) break;
            }
            output.AddRange(Sum(kind.Select(r => r.Bytes[..r.KeyLength])));
            output.AddRange(Sum(kind.Select(r => r.Bytes)));
        }
        return [.. output];
    }

    private static byte[] Sum(IEnumerable<byte[]> parts)
    {
        var sum = parts.Aggregate(BigInteger.Zero, (total, part) => (total + new BigInteger(SHA256.HashData(part), isUnsigned: true, isBigEndian: true)) % Modulus);
        var bytes = sum.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    internal JsonNode Document(byte kind, string name) => JsonNode.Parse(Sealed.OpenDocument(secrets, kind, name, objects[name]))!;

    internal void CheckDigest(JsonNode digest)
    {
        var bytes = objects[(string)digest["object"]!];
        Assert.Equal(((long)digest["size"]!, (string)digest["sha256"]!), (bytes.Length, Convert.ToBase64String(SHA256.HashData(bytes))));
    }

    internal string CheckReference(JsonNode reference)
    {
        var name = (string)reference["name"]!;
        Assert.Equal((long)reference["size"]!, objects[name].Length);
        Assert.Equal(secrets.KeyId, (string)reference["keyId"]!);
        Assert.Equal(Convert.FromBase64String((string)reference["salt"]!), objects[name][32..64]);
        return name;
    }
}

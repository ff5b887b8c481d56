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

    /// <summary>The backups, oldest first, each with its units; and the ones removed.</summary>
    public JsonObject Read()
    {
        var manifests = new List<(string Run, JsonNode Manifest)>();
        var removed = new HashSet<string>();
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
            if (seal["manifest"] is { } manifest) manifests.Add(((string)seal["run"]!, manifest));
        }
        Assert.Single(heads);
        return new JsonObject
        {
            ["archiveId"] = (string)Secrets.ReadChecked(objects["archive"])["archiveId"]!,
            ["removed"] = new JsonArray([.. removed.Order(StringComparer.Ordinal).Select(r => JsonValue.Create(r))]),
            ["backups"] = new JsonArray([.. manifests.Where(m => !removed.Contains(m.Run)).DistinctBy(m => m.Run).Select(m => ReadBackup(m.Run, m.Manifest))]),
        };
    }

    private JsonObject ReadBackup(string run, JsonNode sealedManifest)
    {
        CheckDigest(sealedManifest);
        var manifest = Document(4, (string)sealedManifest["object"]!);
        Assert.Equal(run, (string)manifest["backupId"]!);
        foreach (var working in manifest["working"]!.AsArray()) CheckDigest(working!);
        var segments = manifest["segments"]!.AsArray().Select(s => CheckReference(s!)).ToList();
        var index = manifest["index"]!;
        var indexName = CheckReference(index["object"]!);
        var units = new JsonArray();
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var frames = new Dictionary<(int, long), byte[]>();
        var totals = new long[4];
        foreach (var (key, summary, raw, pieces) in Leaves(indexName, (long)index["rootOffset"]!, (long)index["rootLength"]!))
        {
            var records = pieces.SelectMany(p => Records(frames.TryGetValue((p.Segment, p.Offset), out var frame) ? frame
                : frames[(p.Segment, p.Offset)] = Sealed.Open(secrets, 1, segments[p.Segment], objects[segments[p.Segment]], p.Offset, p.Length), key, p.Start, p.Size)).ToList();
            Assert.Equal(raw, records.Sum(r => (long)r.Bytes.Length));
            Assert.Equal(summary, Summary(records));
            foreach (var part in new[] { key, summary })
            {
                var length = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
                root.AppendData(length);
                root.AppendData(part);
            }
            totals = [totals[0] + 1, totals[1] + (key[0] == 0 ? 1 : 0), totals[2] + records.Count, totals[3] + raw];
            units.Add(new JsonObject { ["kind"] = key[0], ["id"] = Encoding.UTF8.GetString(key.AsSpan(1)), ["records"] = records.Count, ["rawBytes"] = raw, ["summary"] = Convert.ToHexStringLower(summary) });
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

    private IEnumerable<(byte[] Key, byte[] Summary, long Raw, List<(int Segment, long Offset, long Length, int Start, int Size)> Pieces)> Leaves(string index, long offset, long length)
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
            var summary = page.Bytes();
            var raw = (long)page.Varint();
            var pieces = new List<(int, long, long, int, int)>();
            for (var left = page.Varint(); left > 0; left--)
                pieces.Add(((int)page.Varint(), (long)page.Varint(), (long)page.Varint(), (int)page.Varint(), (int)page.Varint()));
            yield return (key, summary, raw, pieces);
        }
        Assert.True(page.AtEnd);
    }

    private static IEnumerable<(byte[] Bytes, int KeyLength)> Records(byte[] frame, byte[] key, int start, int size)
    {
        var entries = new FieldReader(frame.AsMemory(start, size));
        Assert.Equal(0UL, entries.Varint());
        Assert.Equal(key, entries.Bytes());
        while (!entries.AtEnd)
        {
            var keyLength = (int)entries.Varint();
            var bytes = entries.Bytes();
            Assert.Equal(keyLength, RecordShape.KeyLength(bytes));
            yield return (bytes, keyLength);
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

    private JsonNode Document(byte kind, string name) => JsonNode.Parse(Sealed.OpenDocument(secrets, kind, name, objects[name]))!;

    private void CheckDigest(JsonNode digest)
    {
        var bytes = objects[(string)digest["object"]!];
        Assert.Equal(((long)digest["size"]!, (string)digest["sha256"]!), (bytes.Length, Convert.ToBase64String(SHA256.HashData(bytes))));
    }

    private string CheckReference(JsonNode reference)
    {
        var name = (string)reference["name"]!;
        Assert.Equal((long)reference["size"]!, objects[name].Length);
        Assert.Equal(secrets.KeyId, (string)reference["keyId"]!);
        Assert.Equal(Convert.FromBase64String((string)reference["salt"]!), objects[name][32..64]);
        return name;
    }
}

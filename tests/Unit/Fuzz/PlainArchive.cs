using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Backup.Checkpoints.Model;
using Backup.Engine.Units;
using Backup.Tests.Unit.Engine;
using Backup.Tests.Unit.Format;

namespace Backup.Tests.Unit.Fuzz;

/// <summary>How deep a change goes: the stored bytes, or what is under the seal or under the compression; then everything that refers to it is written anew.</summary>
internal enum Depth
{
    Stored,
    Compressed,
    Content,
}

/// <summary>
/// A whole archive of one backup, written by docs/format.md alone, the same bytes every time. One object of it can be changed at any
/// depth: what names it then names what it has become, so that a change reaches the decoders behind the seals.
/// </summary>
internal sealed class PlainArchive
{
    public const string Run = "20260102t030405006-abcdefgh";
    public const string Thread = "thread-1";
    private const string KeyId = "0123456789abcdef0123456789abcdef";
    private static readonly byte[] KeyFileBytes = SHA256.HashData("key file"u8);
    private static readonly byte[] DataKey = SHA256.HashData("data key"u8);
    private readonly List<(byte[] Key, List<(byte[] Bytes, int KeyLength)> Records)> units = [];

    public PlainArchive()
    {
        var store = new DictionaryStore();
        Samples.AddThread(store, Thread, 3, new Random(1));
        Samples.AddThread(store, "thread-2", 1, new Random(2));
        var record = new Backup.Checkpoints.Encoding.RecordBuffer();
        new StoreItem { Key = "k", Value = Samples.Bytes("{}"), Extra = new Dictionary<string, string> { ["created_at"] = "2026" } }.Encode(record);
        store.Put(new(UnitKind.Memory, "ns"), record);
        new StoreVector { Key = "k", Field = "f" }.Encode(record);
        store.Put(new(UnitKind.Memory, "ns"), record);
        foreach (var (unit, records) in store.Units) units.Add((UnitKey.Of(unit), records.Select(r => (r.Bytes, r.Key)).ToList()));
    }

    public static string KeyFile => Convert.ToBase64String(KeyFileBytes);

    /// <summary>The objects that can be changed, by a short name.</summary>
    public static IReadOnlyList<string> Targets { get; } = ["archive", "wrap", "lease", "segment", "index", "result", "manifest", "seal"];

    public static string NameOf(string target) => target switch
    {
        "archive" => "archive",
        "wrap" => $"keys/{KeyId}-00000000",
        "lease" => $"runs/{Run}/lease-000001-000000",
        "segment" => $"runs/{Run}/s00000-00000000-00000.seg",
        "index" => $"runs/{Run}/s00000-00000000.idx",
        "result" => $"runs/{Run}/s00000-00000000.done",
        "manifest" => $"runs/{Run}/manifest-00000000",
        _ => $"seals/0000000001-{Run}",
    };

    /// <summary>Writes the archive with one object changed.</summary>
    public SortedDictionary<string, byte[]> Write(string target, Depth depth, Func<byte[], byte[]> change)
    {
        var objects = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        objects["archive"] = Checked("archive", """{"format":1,"archiveId":"000102030405060708090a0b0c0d0e0f","created":"2026-01-02T03:04:05+00:00","keyMode":"shared"}""");
        var secrets = new Secrets(KeyId, DataKey, SHA256.HashData(objects["archive"]));
        objects[NameOf("wrap")] = Checked("wrap", WrapJson(secrets));
        Add("lease", 6, """{"epoch":1,"owner":"host/1","time":"2026-01-02T03:04:05+00:00"}"""u8.ToArray());
        var frame = new FieldWriter();
        var places = new List<(int Start, int Size)>();
        foreach (var (key, records) in units)
        {
            var start = frame.Written.Length;
            frame.Varint(0).Bytes(key);
            foreach (var (bytes, keyLength) in records) frame.Varint((ulong)keyLength).Bytes(bytes);
            places.Add((start, frame.Written.Length - start));
        }
        Add("segment", 1, frame.Written);
        Add("index", 2, IndexPage(places, objects[NameOf("segment")].Length - Sealed.Header));
        var index = new JsonObject { ["object"] = Reference("index"), ["rootOffset"] = Sealed.Header, ["rootLength"] = objects[NameOf("index")].Length - Sealed.Header };
        var totals = new JsonObject { ["units"] = units.Count, ["threads"] = 2, ["records"] = units.Sum(u => u.Records.Count), ["rawBytes"] = units.Sum(RawBytes) };
        Add("result", 3, Json(new JsonObject
        {
            ["name"] = NameOf("result"), ["shard"] = 0, ["cut"] = "cut", ["segments"] = new JsonArray(Reference("segment")), ["index"] = index.DeepClone(), ["totals"] = totals.DeepClone(),
        }));
        Add("manifest", 4, Json(new JsonObject
        {
            ["backupId"] = Run, ["strategy"] = "full", ["writer"] = "page", ["started"] = "2026-01-02T03:04:05+00:00", ["finished"] = "2026-01-02T03:04:06+00:00",
            ["source"] = new JsonObject
            {
                ["name"] = "prod", ["kind"] = "dictionary", ["cutTime"] = "2026-01-02T03:04:05+00:00", ["cutPosition"] = "0/1", ["identity"] = new JsonObject { ["id"] = "1" },
                ["layout"] = new JsonObject { ["tables"] = new JsonArray("a", 1, null, true) },
            },
            ["segments"] = new JsonArray(Reference("segment")), ["index"] = index, ["totals"] = totals, ["stateRoot"] = Convert.ToBase64String(StateRoot()),
            ["working"] = new JsonArray(Digest("lease"), Digest("result")), ["warnings"] = new JsonArray("a warning"),
        }));
        Add("seal", 5, Json(new JsonObject { ["sequence"] = 1, ["run"] = Run, ["sealedAt"] = "2026-01-02T03:04:06+00:00", ["previous"] = new JsonArray(), ["manifest"] = Digest("manifest") }));
        return objects;

        byte[] Checked(string name, string json)
        {
            var text = Encoding.UTF8.GetBytes(json);
            if (name == target && depth != Depth.Stored) text = change(text);
            var stored = Secrets.WriteChecked(text);
            return name == target && depth == Depth.Stored ? change(stored) : stored;
        }

        void Add(string name, byte kind, byte[] content)
        {
            if (name == target && depth == Depth.Content) content = change(content);
            using var compressor = new ZstdNet.Compressor();
            var compressed = compressor.Wrap(content);
            if (name == target && depth == Depth.Compressed) compressed = change(compressed);
            var stored = Sealed.OfCompressed(secrets, kind, NameOf(name), SHA256.HashData(Encoding.ASCII.GetBytes(name)), compressed);
            objects[NameOf(name)] = name == target && depth == Depth.Stored ? change(stored) : stored;
        }

        // What refers to the stored bytes does not learn of a change to them.
        byte[] Known(string name) => name == target && depth == Depth.Stored ? Write("", Depth.Stored, b => b)[NameOf(name)] : objects[NameOf(name)];

        JsonObject Reference(string name) => new()
        {
            ["name"] = NameOf(name), ["size"] = Known(name).Length, ["keyId"] = KeyId, ["salt"] = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(name))),
        };

        JsonObject Digest(string name) => new() { ["object"] = NameOf(name), ["size"] = Known(name).Length, ["sha256"] = Convert.ToBase64String(SHA256.HashData(Known(name))) };
    }

    private static string WrapJson(Secrets secrets)
    {
        var salt = SHA256.HashData("wrap"u8);
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, KeyFileBytes, 32, salt, "backup.orleans/v1/wrap"u8.ToArray());
        byte[] nonce = new byte[12], cipher = new byte[32], tag = new byte[16];
        using var aes = new AesGcm(key, 16);
        byte[] bound = [.. Convert.FromHexString(KeyId), .. secrets.DescriptorDigest];
        aes.Encrypt(nonce, secrets.DataKey, cipher, tag, bound);
        return new JsonObject
        {
            ["format"] = 1, ["keyId"] = KeyId, ["kind"] = "keyfile", ["salt"] = Convert.ToBase64String(salt),
            ["check"] = Convert.ToBase64String(HKDF.Expand(HashAlgorithmName.SHA256, key, 16, "backup.orleans/v1/check"u8.ToArray())),
            ["wrapped"] = Convert.ToBase64String([.. nonce, .. cipher, .. tag]),
        }.ToJsonString();
    }

    private byte[] IndexPage(List<(int Start, int Size)> places, int frameLength)
    {
        var page = new FieldWriter().Raw(0).Varint((ulong)units.Count);
        for (var i = 0; i < units.Count; i++)
            page.Bytes(units[i].Key).Bytes(PageArchive.Summary(units[i].Records)).Varint((ulong)RawBytes(units[i]))
                .Varint(1).Varint(0).Varint(Sealed.Header).Varint((ulong)frameLength).Varint((ulong)places[i].Start).Varint((ulong)places[i].Size);
        return page.Written;
    }

    private byte[] StateRoot()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, records) in units)
        {
            foreach (var part in new[] { key, PageArchive.Summary(records) })
            {
                var length = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
                hash.AppendData(length);
                hash.AppendData(part);
            }
        }
        return hash.GetHashAndReset();
    }

    private static long RawBytes((byte[] Key, List<(byte[] Bytes, int KeyLength)> Records) unit) => unit.Records.Sum(r => (long)r.Bytes.Length);

    private static byte[] Json(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}

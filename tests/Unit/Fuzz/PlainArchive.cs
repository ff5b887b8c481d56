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
/// A whole archive of a full backup, an incremental one over it (a delta, a unit that is gone, a new one) and two ticks of a change log
/// behind that (a record added, one replaced without its type, one deleted, one kind truncated), written by docs/format.md alone, the same bytes every time. One object of it can be changed at any depth: what names it then names what it
/// has become, so that a change reaches the decoders behind the seals.
/// </summary>
internal sealed class PlainArchive
{
    public const string Thread = "thread-1";
    private const string KeyId = "0123456789abcdef0123456789abcdef";
    private static readonly string[] Kinds = ["lease", "segment", "index", "result", "manifest", "seal"];
    private static readonly byte[] KeyFileBytes = SHA256.HashData("key file"u8);
    private static readonly byte[] DataKey = SHA256.HashData("data key"u8);
    private readonly Layer[] layers;
    private SortedDictionary<string, byte[]>? intact;

    public PlainArchive()
    {
        var full = new DictionaryStore();
        Samples.AddThread(full, Thread, 3, new Random(1));
        Samples.AddThread(full, "thread-2", 1, new Random(2));
        var record = new Backup.Checkpoints.Encoding.RecordBuffer();
        new StoreItem { Key = "k", Value = Samples.Bytes("{}"), Extra = new Dictionary<string, string> { ["created_at"] = "2026" } }.Encode(record);
        full.Put(new(UnitKind.Memory, "ns"), record);
        new StoreVector { Key = "k", Field = "f" }.Encode(record);
        full.Put(new(UnitKind.Memory, "ns"), record);

        var later = new DictionaryStore().CopyOf(full);
        later.Units.Remove(UnitId.Thread(Thread));
        Samples.AddThread(later, Thread, 4, new Random(1));
        new PendingWrite { Namespace = "", CheckpointId = Samples.Checkpoint(1), TaskId = "task-1", Index = 0, Channel = "messages", Type = "json", Value = Samples.Bytes("\"replaced\"") }.Encode(record);
        later.Put(UnitId.Thread(Thread), record);
        later.Units.Remove(UnitId.Thread("thread-2"));
        Samples.AddThread(later, "thread-3", 2, new Random(3));

        var below = Units(full);
        layers = [new("", below, [.. below.Select(u => new Entry(u, 0, u.Records))]), new("2", Units(later), Changes(below, Units(later)))];
    }

    public static string KeyFile => Convert.ToBase64String(KeyFileBytes);

    /// <summary>The runs of the two backups.</summary>
    public static IReadOnlyList<string> Runs { get; } = ["20260102t030405006-abcdefgh", "20260103t030405006-bcdefghj"];

    /// <summary>The objects that can be changed, by a short name; those of the incremental backup end in 2.</summary>
    public static IReadOnlyList<string> Targets { get; } = ["archive", "wrap", .. Kinds, .. Kinds.Select(k => k + "2"), "claim", "changes", "changeindex", "tick", "head"];

    /// <summary>Where the log's last commit is, and what thread-1 holds then.</summary>
    public const ulong LastCommit = 150;

    public static string NameOf(string target)
    {
        var run = Runs[target.EndsWith('2') ? 1 : 0];
        return target.TrimEnd('2') switch
        {
            "archive" => "archive",
            "wrap" => $"keys/{KeyId}-00000000",
            "lease" => $"runs/{run}/lease-000001-000000",
            "segment" => $"runs/{run}/s00000-00000000-00000.seg",
            "index" => $"runs/{run}/s00000-00000000.idx",
            "result" => $"runs/{run}/s00000-00000000.done",
            "manifest" => $"runs/{run}/manifest-00000000",
            "claim" => "logs/prod/claim-000001-00000000",
            "changes" => "logs/prod/data/000001-00000000-00000.seg",
            "changeindex" => "logs/prod/data/000001-00000000.idx",
            "tick" => "logs/prod/ticks/000001-000000000001-00000000",
            "head" => "logs/prod/ticks/000001-000000000002-00000001",
            _ => $"seals/000000000{(target.EndsWith('2') ? 2 : 1)}-{run}",
        };
    }

    /// <summary>Writes the archive with one object changed.</summary>
    public SortedDictionary<string, byte[]> Write(string target, Depth depth, Func<byte[], byte[]> change)
    {
        var objects = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        objects["archive"] = Checked("archive", """{"format":1,"archiveId":"000102030405060708090a0b0c0d0e0f","created":"2026-01-02T03:04:05+00:00","keyMode":"shared"}""");
        var secrets = new Secrets(KeyId, DataKey, SHA256.HashData(objects["archive"]));
        objects[NameOf("wrap")] = Checked("wrap", WrapJson(secrets));
        foreach (var layer in layers) AddBackup(layer);
        AddLog();
        return objects;

        void AddLog()
        {
            Add("claim", 8, """{"epoch":1,"owner":"host/1","time":"2026-01-03T03:04:05+00:00"}"""u8.ToArray());
            var unit = layers[1].Units.Find(u => u.Key.AsSpan(1).SequenceEqual(Encoding.UTF8.GetBytes(Thread)))!;
            var blob = unit.Records.First(r => r.Bytes[0] == 2);
            var write = unit.Records.Last(r => r.Bytes[0] == 3);
            var added = new FieldWriter().Raw(2).Text("").Text("later").Text("1").Text("json").Varint(3).Raw([.. "17"u8]).Varint(0).Written;
            var frame = new FieldWriter().Varint(0).Bytes(unit.Key);
            var entries = new List<(byte[] Bytes, int KeyLength)>
            {
                (Change(write.Bytes[..write.KeyLength], 0, 3, 1), write.KeyLength),
                (Change([.. blob.Bytes[..blob.KeyLength], .. new FieldWriter().Text("").Varint(5).Raw([.. "\"18\""u8]).Varint(0).Written], 1, 2, 0), blob.KeyLength),
                (Change(added, 0, 1, 0), new FieldWriter().Raw(2).Text("").Text("later").Text("1").Written.Length),
            };
            foreach (var (bytes, keyLength) in entries) frame.Varint((ulong)keyLength).Bytes(bytes);
            Add("changes", 1, frame.Written);
            Add("changeindex", 2, new FieldWriter().Raw(0).Varint(1).Bytes(unit.Key).Varint(3).Bytes(PageArchive.Summary(entries)).Varint((ulong)entries.Sum(e => e.Bytes.Length))
                .Varint(1).Varint(0).Varint(Sealed.Header).Varint((ulong)(objects[NameOf("changes")].Length - Sealed.Header)).Varint(0).Varint((ulong)frame.Written.Length).Written);
            var part = new JsonObject
            {
                ["segments"] = new JsonArray(Reference("changes")),
                ["index"] = new JsonObject { ["object"] = Reference("changeindex"), ["rootOffset"] = Sealed.Header, ["rootLength"] = objects[NameOf("changeindex")].Length - Sealed.Header },
                ["totals"] = new JsonObject { ["units"] = 1, ["threads"] = 1, ["records"] = 3, ["rawBytes"] = entries.Sum(e => e.Bytes.Length) },
            };
            AddTick("tick", 1, 100, 10, part, null);
            AddTick("head", 100, 200, LastCommit, null, "tick");

            void AddTick(string name, ulong from, ulong to, ulong commit, JsonObject? part, string? previous)
            {
                var tick = new JsonObject
                {
                    ["source"] = "prod", ["epoch"] = 1, ["sequence"] = previous is null ? 1 : 2, ["from"] = from, ["to"] = to, ["sourceTime"] = "2026-01-03T03:04:06+00:00", ["closed"] = "2026-01-03T03:04:06+00:00",
                    ["commits"] = Convert.ToBase64String(new FieldWriter().Varint(commit).Varint(2).Written), ["parts"] = part is null ? [] : new JsonArray(part), ["changes"] = part is null ? 0 : 3,
                    ["truncations"] = part is null ? new JsonArray(new JsonObject { ["position"] = commit, ["ordinal"] = 0, ["kinds"] = new JsonArray(4, 5) }) : [],
                };
                if (previous is null) (tick["identity"], tick["layout"]) = (new JsonObject { ["id"] = "1" }, new JsonObject { ["tables"] = new JsonArray() });
                else tick["previous"] = Digest(previous);
                Add(name, 9, Json(tick));
            }

            // All of one transaction, the newest first.
            byte[] Change(byte[] record, int missing, byte operation, int ordinal)
            {
                var footer = new byte[21];
                BinaryPrimitives.WriteInt32LittleEndian(footer, record.Length);
                BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(4), missing);
                footer[8] = operation;
                BinaryPrimitives.WriteUInt64LittleEndian(footer.AsSpan(9), 10);
                BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(17), ordinal);
                return [.. record, 0, .. footer];
            }
        }

        void AddBackup(Layer layer)
        {
            var (lease, segment, index, result, manifest, seal) = (layer.Of("lease"), layer.Of("segment"), layer.Of("index"), layer.Of("result"), layer.Of("manifest"), layer.Of("seal"));
            Add(lease, 6, """{"epoch":1,"owner":"host/1","time":"2026-01-02T03:04:05+00:00"}"""u8.ToArray());
            var frame = new FieldWriter();
            var places = new List<(int Start, int Size)>();
            foreach (var entry in layer.Entries.Where(e => e.Form != 2))
            {
                var start = frame.Written.Length;
                frame.Varint(0).Bytes(entry.Unit.Key);
                foreach (var (bytes, keyLength) in entry.Stored) frame.Varint((ulong)keyLength).Bytes(bytes);
                places.Add((start, frame.Written.Length - start));
            }
            Add(segment, 1, frame.Written);
            Add(index, 2, IndexPage(layer, places, objects[NameOf(segment)].Length - Sealed.Header));
            var root = new JsonObject { ["object"] = Reference(index), ["rootOffset"] = Sealed.Header, ["rootLength"] = objects[NameOf(index)].Length - Sealed.Header };
            var totals = new JsonObject
            {
                ["units"] = layer.Units.Count, ["threads"] = layer.Units.Count(u => u.Key[0] == 0), ["records"] = layer.Units.Sum(u => u.Records.Count), ["rawBytes"] = layer.Units.Sum(RawBytes),
            };
            Add(result, 3, Json(new JsonObject
            {
                ["name"] = NameOf(result), ["shard"] = 0, ["cut"] = "cut", ["segments"] = new JsonArray(Reference(segment)), ["index"] = root.DeepClone(), ["totals"] = totals.DeepClone(),
            }));
            var document = new JsonObject
            {
                ["backupId"] = layer.Run, ["strategy"] = layer == layers[0] ? "full" : "incremental", ["writer"] = "page", ["started"] = "2026-01-02T03:04:05+00:00", ["finished"] = "2026-01-02T03:04:06+00:00",
                ["source"] = new JsonObject
                {
                    ["name"] = "prod", ["kind"] = "dictionary", ["cutTime"] = "2026-01-02T03:04:05+00:00", ["cutPosition"] = layer == layers[0] ? "0/1" : "0/5", ["identity"] = new JsonObject { ["id"] = "1", ["positionExact"] = "true" },
                    ["layout"] = new JsonObject { ["tables"] = new JsonArray("a", 1, null, true) },
                },
                ["segments"] = new JsonArray(Reference(segment)), ["index"] = root, ["totals"] = totals, ["stateRoot"] = Convert.ToBase64String(StateRoot(layer)),
                ["working"] = new JsonArray(Digest(lease), Digest(result)), ["warnings"] = new JsonArray("a warning"),
            };
            if (layer != layers[0])
            {
                document["base"] = new JsonObject { ["backupId"] = layers[0].Run, ["cutTime"] = "2026-01-02T03:04:05+00:00", ["stateRoot"] = Convert.ToBase64String(StateRoot(layers[0])) };
                document["compared"] = true;
            }
            Add(manifest, 4, Json(document));
            Add(seal, 5, Json(new JsonObject
            {
                ["sequence"] = layer == layers[0] ? 1 : 2, ["run"] = layer.Run, ["sealedAt"] = "2026-01-02T03:04:06+00:00",
                ["previous"] = layer == layers[0] ? new JsonArray() : new JsonArray(Digest(layers[0].Of("seal"))), ["manifest"] = Digest(manifest),
            }));
        }

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
        byte[] Known(string name) => name == target && depth == Depth.Stored ? (intact ??= Write("", Depth.Stored, b => b))[NameOf(name)] : objects[NameOf(name)];

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

    private static byte[] IndexPage(Layer layer, List<(int Start, int Size)> places, int frameLength)
    {
        var page = new FieldWriter().Raw(0).Varint((ulong)layer.Entries.Count);
        var place = 0;
        foreach (var entry in layer.Entries)
        {
            page.Bytes(entry.Unit.Key).Varint(entry.Form);
            if (entry.Form == 2)
            {
                page.Bytes([]).Varint(0).Varint(0);
                continue;
            }
            var (start, size) = places[place++];
            page.Bytes(PageArchive.Summary(entry.Unit.Records)).Varint((ulong)RawBytes(entry.Unit))
                .Varint(1).Varint(0).Varint(Sealed.Header).Varint((ulong)frameLength).Varint((ulong)start).Varint((ulong)size);
        }
        return page.Written;
    }

    private static byte[] StateRoot(Layer layer)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, records) in layer.Units)
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

    private static List<Unit> Units(DictionaryStore store) => [.. store.Units.Select(u => new Unit(UnitKey.Of(u.Key), [.. u.Value.Select(r => (r.Bytes, r.Key))]))];

    // What changed: units that are new are whole, those with records that are new or replaced are deltas, those that are not there any more are gone.
    private static List<Entry> Changes(List<Unit> before, List<Unit> now)
    {
        var entries = new List<Entry>();
        foreach (var unit in now)
        {
            if (before.Find(u => u.Key.AsSpan().SequenceEqual(unit.Key)) is not { } old)
            {
                entries.Add(new(unit, 0, unit.Records));
                continue;
            }
            var changed = unit.Records.Where(r => !old.Records.Exists(o => o.Bytes.AsSpan().SequenceEqual(r.Bytes))).ToList();
            if (changed.Count > 0) entries.Add(new(unit, 1, changed));
        }
        entries.AddRange(before.Where(old => !now.Exists(u => u.Key.AsSpan().SequenceEqual(old.Key))).Select(old => new Entry(old, 2, [])));
        entries.Sort((a, b) => a.Unit.Key.AsSpan().SequenceCompareTo(b.Unit.Key));
        return entries;
    }

    private static long RawBytes(Unit unit) => unit.Records.Sum(r => (long)r.Bytes.Length);

    private static byte[] Json(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private sealed record Unit(byte[] Key, List<(byte[] Bytes, int KeyLength)> Records);

    /// <summary>A unit in an index: its form, and the records that this backup stores of it.</summary>
    private sealed record Entry(Unit Unit, ulong Form, List<(byte[] Bytes, int KeyLength)> Stored);

    /// <summary>A backup: the units at its cut, and what it holds of them.</summary>
    private sealed record Layer(string Suffix, List<Unit> Units, List<Entry> Entries)
    {
        public string Run => Runs[Suffix.Length];

        public string Of(string kind) => kind + Suffix;
    }
}

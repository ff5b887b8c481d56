using System.Text.Json;
using System.Text.Json.Nodes;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Units;
using Backup.Tests.Unit.ChangeLog;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Golden;

/// <summary>What goes into a golden archive, and how it is described beside it.</summary>
internal static class Contents
{
    /// <summary>Units with every kind of record, every optional field there and absent, and ids that are hard to carry.</summary>
    public static void AddOddities(DictionaryStore store)
    {
        var record = new RecordBuffer();
        foreach (var id in new[] { "", " ", "q'uote", "back\\slash", "new\nline", "émoji 🧵", "a/b|c:d", "\uFFFF", new string('x', 3000) })
        {
            new Checkpoint { Namespace = "", CheckpointId = "c", Envelope = Samples.Bytes("{}"), Metadata = Samples.Bytes("{}") }.Encode(record);
            store.Put(UnitId.Thread(id), record);
        }
        var odd = UnitId.Thread("odd");
        Dictionary<string, string> extra = new() { ["🧵"] = "last by UTF-8", ["\uFF5E"] = "before it", ["a"] = "" };
        new Checkpoint
        {
            Namespace = "sub:1|graph:2", CheckpointId = "c1", ParentId = "c0", Type = "json", Extra = extra,
            Envelope = Samples.Bytes("""{"v": 4, "channel_versions": {"m": "00000001.5", "e": 2, "n": 3}}"""), Metadata = Samples.Bytes("""{"step": -1, "parents": {"": "c"}}"""),
        }.Encode(record);
        store.Put(odd, record);
        new ChannelBlob { Namespace = "sub:1|graph:2", Channel = "m", Version = "00000001.5", Type = "msgpack", Value = new byte[] { 0, 255, 0x80 }, Extra = extra }.Encode(record);
        store.Put(odd, record);
        new ChannelBlob { Namespace = "sub:1|graph:2", Channel = "e", Version = "2", Type = "empty" }.Encode(record);
        store.Put(odd, record);
        new ChannelBlob { Namespace = "sub:1|graph:2", Channel = "n", Version = "3", Type = "null", Value = Array.Empty<byte>() }.Encode(record);
        store.Put(odd, record);
        foreach (var index in new[] { int.MinValue, -4, -1, 0, 64, int.MaxValue })
        {
            new PendingWrite
            {
                Namespace = "sub:1|graph:2", CheckpointId = "c1", TaskId = "t", Index = index, Channel = index == -4 ? "__resume__" : "m", Type = index > 0 ? null : "json",
                Value = Samples.Bytes("1"), TaskPath = index == 0 ? "~__pregel_pull, n" : "", Extra = index == 64 ? extra : new Dictionary<string, string>(),
            }.Encode(record);
            store.Put(odd, record);
        }
        var memory = new UnitId(UnitKind.Memory, "users.42.émoji");
        for (var i = 0; i < 5; i++)
        {
            new StoreItem { Key = $"item {i}", Value = Samples.Bytes($$"""{"text": "remember {{i}}"}"""), Extra = new Dictionary<string, string> { ["created_at"] = "2026-01-02 03:04:05+00" } }.Encode(record);
            store.Put(memory, record);
            new StoreVector { Key = $"item {i}", Field = "text", Extra = new Dictionary<string, string> { ["embedding"] = "[0.25,-1,3e-8]" } }.Encode(record);
            store.Put(memory, record);
        }
    }

    /// <summary>What a source held after a commit.</summary>
    public static JsonObject Describe(Journal.Transaction commit) => new()
    {
        ["at"] = commit.Position,
        ["units"] = new JsonArray([.. commit.After.Select(u => (Key: UnitKey.Of(u.Key), Unit: u.Key, Digest: u.Value)).OrderBy(u => u.Key, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))
            .Select(u => new JsonObject { ["kind"] = (byte)u.Unit.Kind, ["id"] = u.Unit.Id, ["summary"] = Convert.ToHexStringLower(UnitSummary.Of(u.Digest)) })]),
    };

    /// <summary>What a reader must find, from the store and not from the archive.</summary>
    public static JsonObject Describe(BackupSummary summary, DictionaryStore store)
    {
        var digests = store.Digests();
        var units = store.Units.Select(u => (Key: UnitKey.Of(u.Key), Unit: u.Key, Summary: UnitSummary.Of(digests[u.Key]), Records: u.Value.Count, Raw: u.Value.Sum(r => (long)r.Bytes.Length))).ToList();
        units.Sort((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        using var root = new StateRoot();
        foreach (var unit in units) root.Add(new(unit.Key, unit.Summary, unit.Raw, []));
        return new()
        {
            ["backupId"] = summary.BackupId, ["source"] = summary.Source, ["kind"] = summary.SourceKind, ["strategy"] = summary.Strategy, ["cutTime"] = JsonSerializer.SerializeToNode(summary.CutTime),
            ["totals"] = new JsonObject { ["units"] = units.Count, ["threads"] = units.Count(u => u.Unit.Kind == UnitKind.Thread), ["records"] = units.Sum(u => u.Records), ["rawBytes"] = units.Sum(u => u.Raw) },
            ["stateRoot"] = Convert.ToHexStringLower(root.Finish()),
            ["units"] = new JsonArray([.. units.Select(u => new JsonObject
            {
                ["kind"] = (byte)u.Unit.Kind, ["id"] = u.Unit.Id, ["records"] = u.Records, ["rawBytes"] = u.Raw, ["summary"] = Convert.ToHexStringLower(u.Summary),
            })]),
        };
    }
}

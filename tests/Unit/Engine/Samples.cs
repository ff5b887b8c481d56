using System.Text;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Tests.Unit.Engine;

/// <summary>Threads like LangGraph JS writes them: growing messages, a blob row per version, writes, metadata.</summary>
internal static class Samples
{
    public static DictionaryStore Store(int threads, int steps = 4, int seed = 1, int messageBytes = 60)
    {
        var store = new DictionaryStore();
        var random = new Random(seed);
        for (var t = 0; t < threads; t++) AddThread(store, $"thread-{random.Next():x8}-{t}", steps, random, messageBytes);
        return store;
    }

    public static void AddThread(DictionaryStore store, string id, int steps, Random random, int messageBytes = 60)
    {
        var unit = UnitId.Thread(id);
        var record = new RecordBuffer();
        var messages = new StringBuilder("[");
        string? parent = null;
        for (var step = 1; step <= steps; step++)
        {
            var checkpoint = Checkpoint(step);
            var noise = new byte[messageBytes];
            random.NextBytes(noise);
            messages.Append(step == 1 ? "" : ",").Append('"').Append(Convert.ToBase64String(noise)).Append('"');
            new ChannelBlob { Namespace = "", Channel = "messages", Version = $"{step}", Type = "json", Value = Bytes(messages + "]") }.Encode(record);
            store.Put(unit, record);
            new Checkpoint
            {
                Namespace = "", CheckpointId = checkpoint, ParentId = parent,
                Envelope = Bytes($$$"""{"v": 4, "id": "{{{checkpoint}}}", "channel_versions": {"messages": {{{step}}} }, "versions_seen": {}}"""),
                Metadata = Bytes($$$"""{"source": "loop", "step": {{{step}}}, "parents": {}}"""),
            }.Encode(record);
            store.Put(unit, record);
            new PendingWrite { Namespace = "", CheckpointId = checkpoint, TaskId = $"task-{step}", Index = 0, Channel = "messages", Type = "json", Value = Bytes("\"w\"") }.Encode(record);
            store.Put(unit, record);
            parent = checkpoint;
        }
    }

    public static string Checkpoint(int step) => $"1f0{step:x5}-0000-6000-8000-000000000000";

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

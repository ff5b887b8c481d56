using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Engine.Recovery;

/// <summary>What a thread holds, without its values: memory is O(records).</summary>
internal sealed class ThreadInventory
{
    private readonly Dictionary<(string Ns, string Id), CheckpointFacts> checkpoints = [];
    private readonly HashSet<(string Ns, string Channel, string Version)> values = [];
    private readonly Dictionary<(string Ns, string Id, string Channel), int> writes = [];

    /// <summary>Takes a record in.</summary>
    public void Add(EncodedRecord record)
    {
        if (record.Kind == RecordKind.Checkpoint)
        {
            var facts = CheckpointFacts.Read(Checkpoint.Decode(record));
            checkpoints[(facts.Namespace, facts.CheckpointId)] = facts;
        }
        else if (record.Kind == RecordKind.ChannelBlob)
        {
            var blob = ChannelBlob.Decode(record);
            if (HasValue(blob)) values.Add((blob.Namespace, blob.Channel, blob.Version));
        }
        else if (record.Kind == RecordKind.PendingWrite)
        {
            var write = PendingWrite.Decode(record);
            var key = (write.Namespace, write.CheckpointId, write.Channel);
            writes[key] = writes.GetValueOrDefault(key) + 1;
        }
    }

    /// <summary>The namespaces that have a checkpoint.</summary>
    public IEnumerable<string> Namespaces => checkpoints.Keys.Select(k => k.Ns).Distinct().Order(StringComparer.Ordinal);

    /// <summary>A checkpoint, or the newest of a namespace; null when there is none.</summary>
    public CheckpointFacts? Find(string ns, string? id)
    {
        id ??= checkpoints.Keys.Where(k => k.Ns == ns).Select(k => k.Id).Max(StringComparer.Ordinal);
        return id is null ? null : checkpoints.GetValueOrDefault((ns, id));
    }

    /// <summary>How many writes of ancestors the state of a delta channel lies in; null when the channel is none, or the checkpoint has a value of it.</summary>
    public int? AncestorWrites(CheckpointFacts at, string channel)
    {
        if (!at.Delta.Contains(channel) || HasValue(at, channel)) return null;
        var count = 0;
        var way = new HashSet<string> { at.CheckpointId }; // a checkpoint that is its own ancestor is damage, which verify names
        while (at.ParentId is { } parent && way.Add(parent) && checkpoints.TryGetValue((at.Namespace, parent), out var next))
        {
            at = next;
            count += writes.GetValueOrDefault((at.Namespace, at.CheckpointId, channel));
            if (HasValue(at, channel)) break;
        }
        return count;
    }

    /// <summary>True when a blob row has a value.</summary>
    public static bool HasValue(ChannelBlob blob) => blob.Type != "empty" && blob.Value is not null;

    private bool HasValue(CheckpointFacts at, string channel) =>
        at.Inline.Contains(channel) || at.Channels.Exists(c => c.Channel == channel && values.Contains((at.Namespace, channel, c.Version)));
}

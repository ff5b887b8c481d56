using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Engine.Recovery;

/// <summary>
/// Reads the state of a thread at a checkpoint, its values resolved as LangGraph resolves them (formats.md §2.3): a channel's value is
/// the blob of its version, else what stands in the checkpoint itself. Two passes over the thread; memory is that of one state.
/// </summary>
internal static class ThreadStateReader
{
    /// <summary>The state at a checkpoint, or at the newest one of the namespace; null when there is none, with the namespaces that have one.</summary>
    public static async Task<(StateView? State, IReadOnlyList<string> Namespaces)> ReadAsync(ThreadAtPoint thread, string id, string ns, string? checkpoint, CancellationToken cancellation)
    {
        var inventory = new ThreadInventory();
        await thread.ReadAsync(inventory.Add, cancellation);
        if (inventory.Find(ns, checkpoint) is not { } facts) return (null, [.. inventory.Namespaces]);
        var parts = new Parts(facts);
        await thread.ReadAsync(parts.Add, cancellation);
        return (new()
        {
            ThreadId = id, BackupId = thread.Backup.BackupId, CutTime = thread.Backup.Source.CutTime,
            Namespace = facts.Namespace, CheckpointId = facts.CheckpointId, ParentId = facts.ParentId, Time = CheckpointTime.Read(facts.CheckpointId),
            Envelope = parts.Envelope, Metadata = parts.Metadata, Channels = parts.Channels(inventory),
            Writes = [.. parts.Writes.OrderBy(w => w.TaskId, StringComparer.Ordinal).ThenBy(w => w.Index)],
        }, []);
    }

    // What belongs to one checkpoint.
    private sealed class Parts(CheckpointFacts facts)
    {
        private readonly Dictionary<string, string> versions = facts.Channels.GroupBy(c => c.Channel).ToDictionary(c => c.Key, c => c.Last().Version);
        private readonly Dictionary<string, ChannelState> blobs = [];
        private readonly Dictionary<string, ChannelState> inline = [];

        public JsonText Envelope { get; private set; }

        public JsonText Metadata { get; private set; }

        public List<WriteState> Writes { get; } = [];

        public void Add(EncodedRecord record)
        {
            if (record.Kind == RecordKind.Checkpoint) Add(Checkpoint.Decode(record));
            else if (record.Kind == RecordKind.ChannelBlob) Add(ChannelBlob.Decode(record));
            else if (record.Kind == RecordKind.PendingWrite) Add(PendingWrite.Decode(record));
        }

        public IReadOnlyList<ChannelState> Channels(ThreadInventory inventory) =>
            [.. versions.Keys.Union(inline.Keys).Order(StringComparer.Ordinal).Select(channel => blobs.GetValueOrDefault(channel) ?? Delta(inventory, channel) ?? inline.GetValueOrDefault(channel)
                ?? new() { Channel = channel, Version = versions.GetValueOrDefault(channel) })];

        private ChannelState? Delta(ThreadInventory inventory, string channel) => inventory.AncestorWrites(facts, channel) is { } writes
            ? new() { Channel = channel, Version = versions.GetValueOrDefault(channel), Place = ChannelPlace.Delta, AncestorWrites = writes } : null;

        private void Add(Checkpoint checkpoint)
        {
            if ((checkpoint.Namespace, checkpoint.CheckpointId) != (facts.Namespace, facts.CheckpointId)) return;
            Envelope = Json(checkpoint.Envelope, "an envelope");
            Metadata = Json(checkpoint.Metadata, "metadata");
            foreach (var (channel, value) in InlineValues.Read(checkpoint.Envelope))
                inline[channel] = State(channel, ChannelPlace.Inline, null, value.Span);
        }

        private void Add(ChannelBlob blob)
        {
            if (blob.Namespace == facts.Namespace && versions.GetValueOrDefault(blob.Channel) == blob.Version && ThreadInventory.HasValue(blob))
                blobs[blob.Channel] = State(blob.Channel, ChannelPlace.Blob, blob.Type, blob.Value!.Value.Span);
        }

        private void Add(PendingWrite write)
        {
            if ((write.Namespace, write.CheckpointId) != (facts.Namespace, facts.CheckpointId)) return;
            Writes.Add(new()
            {
                TaskId = write.TaskId, Index = write.Index, Channel = write.Channel, Type = write.Type, Size = write.Value.Length,
                Value = Json(write.Type, write.Value.Span), TaskPath = write.TaskPath,
            });
        }

        private ChannelState State(string channel, ChannelPlace place, string? type, ReadOnlySpan<byte> value) => new()
        {
            Channel = channel, Version = versions.GetValueOrDefault(channel), Place = place, Type = type, Size = value.Length,
            Value = place == ChannelPlace.Inline ? JsonText.From(value) : Json(type, value), Digest = Digest256.Of(value).ToString(),
        };

        private static JsonText? Json(string? type, ReadOnlySpan<byte> value) => type == "json" ? JsonText.From(value) : null;

        private static JsonText Json(ReadOnlyMemory<byte> document, string what) => JsonText.From(document.Span) ?? throw new RecordFormatException($"{what} is not JSON");
    }
}

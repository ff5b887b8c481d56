using System.Text.Json;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Memory;

/// <summary>A checkpoint with the values and writes that belong to it, as a checkpointer's get returns it.</summary>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Blobs">The values its envelope names, where the store has them.</param>
/// <param name="Writes">Its pending writes, by task id and index.</param>
public sealed record CheckpointTuple(Checkpoint Checkpoint, IReadOnlyList<ChannelBlob> Blobs, IReadOnlyList<PendingWrite> Writes);

/// <summary>What LangGraph's savers do, done to the records of one thread (formats.md §2.4, §2.5).</summary>
public static class ThreadCheckpointer
{
    /// <summary>Puts a checkpoint and the new values of its channels: values that are there stay, the checkpoint is inserted or gets the new envelope and metadata.</summary>
    public static MemoryUnit Put(this MemoryUnit thread, Checkpoint checkpoint, IReadOnlyList<ChannelBlob> blobs)
    {
        var record = new RecordBuffer();
        foreach (var blob in blobs)
        {
            blob.Encode(record);
            thread = thread.WithNew(record.Record);
        }
        checkpoint.Encode(record);
        // An upsert changes envelope and metadata only; the parent stays.
        if (thread.Find(record.Record) is { } stored)
            (Checkpoint.Decode(stored) with { Envelope = checkpoint.Envelope, Metadata = checkpoint.Metadata }).Encode(record);
        return thread.With(record.Record);
    }

    /// <summary>
    /// Puts the writes of a task. Writes to special channels have fixed negative indexes; when all are special they replace those
    /// that are there, else those that are there stay.
    /// </summary>
    public static MemoryUnit PutWrites(
        this MemoryUnit thread, string ns, string checkpointId, string taskId, string taskPath, IReadOnlyList<(string Channel, string? Type, ReadOnlyMemory<byte> Value)> writes)
    {
        var record = new RecordBuffer();
        var replace = writes.All(w => SpecialChannels.Index(w.Channel) is not null);
        for (var i = 0; i < writes.Count; i++)
        {
            var write = new PendingWrite
            {
                Namespace = ns, CheckpointId = checkpointId, TaskId = taskId, Index = SpecialChannels.Index(writes[i].Channel) ?? i,
                Channel = writes[i].Channel, Type = writes[i].Type, Value = writes[i].Value, TaskPath = taskPath,
            };
            write.Encode(record);
            // An upsert changes channel, type and value only; the path stays.
            if (replace && thread.Find(record.Record) is { } stored) (write with { TaskPath = PendingWrite.Decode(stored).TaskPath }).Encode(record);
            thread = replace ? thread.With(record.Record) : thread.WithNew(record.Record);
        }
        return thread;
    }

    /// <summary>The checkpoint of that id, or the newest of the namespace; null when there is none.</summary>
    public static CheckpointTuple? Get(this MemoryUnit thread, string ns, string? checkpointId)
    {
        var found = thread.Checkpoints().Where(c => c.Namespace == ns && (checkpointId is null || c.CheckpointId == checkpointId)).MaxBy(c => c.CheckpointId, StringComparer.Ordinal);
        return found is null ? null : thread.Tuple(found, thread.Writes(w => w.Namespace == ns && w.CheckpointId == found.CheckpointId));
    }

    /// <summary>Checkpoints newest first.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="ns">Of this namespace, or null for all.</param>
    /// <param name="before">Older than this checkpoint id, or null.</param>
    /// <param name="filter">Metadata members that must have these JSON values, or null.</param>
    /// <param name="limit">At most so many, or null.</param>
    public static IReadOnlyList<CheckpointTuple> List(this MemoryUnit thread, string? ns, string? before, IReadOnlyDictionary<string, string>? filter, int? limit)
    {
        var found = thread.Checkpoints()
            .Where(c => (ns is null || c.Namespace == ns) && (before is null || string.CompareOrdinal(c.CheckpointId, before) < 0) && Matches(c, filter))
            .OrderByDescending(c => c.CheckpointId, StringComparer.Ordinal).Take(limit ?? int.MaxValue).ToList();
        var listed = found.Select(c => (c.Namespace, c.CheckpointId)).ToHashSet();
        var writes = thread.Writes(w => listed.Contains((w.Namespace, w.CheckpointId)));
        return found.Select(c => thread.Tuple(c, writes)).ToList();
    }

    private static IEnumerable<Checkpoint> Checkpoints(this MemoryUnit thread) => thread.OfKind(RecordKind.Checkpoint).Select(Checkpoint.Decode);

    private static ILookup<(string, string), PendingWrite> Writes(this MemoryUnit thread, Func<PendingWrite, bool> wanted) =>
        thread.OfKind(RecordKind.PendingWrite).Select(PendingWrite.Decode).Where(wanted).ToLookup(w => (w.Namespace, w.CheckpointId));

    private static CheckpointTuple Tuple(this MemoryUnit thread, Checkpoint checkpoint, ILookup<(string, string), PendingWrite> writes)
    {
        var record = new RecordBuffer();
        var blobs = new List<ChannelBlob>();
        foreach (var channel in CheckpointFacts.Read(checkpoint).Channels)
        {
            new ChannelBlob { Namespace = checkpoint.Namespace, Channel = channel.Channel, Version = channel.Version, Type = "" }.Encode(record);
            if (thread.Find(record.Record) is { } blob) blobs.Add(ChannelBlob.Decode(blob));
        }
        return new(checkpoint, blobs, [.. writes[(checkpoint.Namespace, checkpoint.CheckpointId)].OrderBy(w => w.TaskId, StringComparer.Ordinal).ThenBy(w => w.Index)]);
    }

    private static bool Matches(Checkpoint checkpoint, IReadOnlyDictionary<string, string>? filter)
    {
        if (filter is null || filter.Count == 0) return true;
        using var metadata = JsonDocument.Parse(checkpoint.Metadata);
        return filter.All(f =>
        {
            using var wanted = JsonDocument.Parse(f.Value);
            return metadata.RootElement.TryGetProperty(f.Key, out var value) && JsonElement.DeepEquals(value, wanted.RootElement);
        });
    }
}

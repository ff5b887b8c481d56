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

/// <summary>A LangGraph checkpointer for the threads of a memory store, with the semantics of its savers (formats.md §2.4, §2.5).</summary>
public sealed class ThreadCheckpointer(MemoryUnits units, string threadId)
{
    private readonly UnitId unit = UnitId.Thread(threadId);

    /// <summary>Puts a checkpoint and the new values of its channels: values that are there stay, the checkpoint is inserted or gets the new envelope and metadata.</summary>
    public void Put(Checkpoint checkpoint, IReadOnlyList<ChannelBlob> blobs) => units.Change(unit, content =>
    {
        var record = new RecordBuffer();
        foreach (var blob in blobs)
        {
            blob.Encode(record);
            content = content.WithNew(record.Record);
        }
        checkpoint.Encode(record);
        // An upsert changes envelope and metadata only; the parent stays.
        if (content.Find(record.Record) is { } stored)
        {
            var before = Checkpoint.Decode(stored);
            (before with { Envelope = checkpoint.Envelope, Metadata = checkpoint.Metadata }).Encode(record);
        }
        return content.With(record.Record);
    });

    /// <summary>
    /// Puts the writes of a task. Writes to special channels have fixed negative indexes; when all are special they replace those
    /// that are there, else those that are there stay.
    /// </summary>
    public void PutWrites(string ns, string checkpointId, string taskId, string taskPath, IReadOnlyList<(string Channel, string? Type, ReadOnlyMemory<byte> Value)> writes) => units.Change(unit, content =>
    {
        var record = new RecordBuffer();
        var replace = writes.All(w => SpecialChannels.Index(w.Channel) is not null);
        for (var i = 0; i < writes.Count; i++)
        {
            new PendingWrite
            {
                Namespace = ns, CheckpointId = checkpointId, TaskId = taskId, Index = SpecialChannels.Index(writes[i].Channel) ?? i,
                Channel = writes[i].Channel, Type = writes[i].Type, Value = writes[i].Value, TaskPath = taskPath,
            }.Encode(record);
            content = replace ? content.With(record.Record) : content.WithNew(record.Record);
        }
        return content;
    });

    /// <summary>The checkpoint of that id, or the newest of the namespace; null when there is none.</summary>
    public CheckpointTuple? Get(string ns, string? checkpointId)
    {
        var content = units.Read(unit);
        var found = checkpointId is null
            ? Checkpoints(content).Where(c => c.Namespace == ns).MaxBy(c => c.CheckpointId, StringComparer.Ordinal)
            : Checkpoints(content).FirstOrDefault(c => c.Namespace == ns && c.CheckpointId == checkpointId);
        return found is null ? null : Tuple(content, found);
    }

    /// <summary>Checkpoints newest first.</summary>
    /// <param name="ns">Of this namespace, or null for all.</param>
    /// <param name="before">Older than this checkpoint id, or null.</param>
    /// <param name="filter">Metadata members that must have these JSON values, or null.</param>
    /// <param name="limit">At most so many, or null.</param>
    public IReadOnlyList<CheckpointTuple> List(string? ns, string? before, IReadOnlyDictionary<string, string>? filter, int? limit)
    {
        var content = units.Read(unit);
        return Checkpoints(content)
            .Where(c => (ns is null || c.Namespace == ns) && (before is null || string.CompareOrdinal(c.CheckpointId, before) < 0) && Matches(c, filter))
            .OrderByDescending(c => c.CheckpointId, StringComparer.Ordinal).Take(limit ?? int.MaxValue).Select(c => Tuple(content, c)).ToList();
    }

    /// <summary>Deletes the thread on purpose.</summary>
    public void Delete() => units.Delete(unit);

    private static IEnumerable<Checkpoint> Checkpoints(MemoryUnit content) => content.OfKind(RecordKind.Checkpoint).Select(Checkpoint.Decode);

    private static CheckpointTuple Tuple(MemoryUnit content, Checkpoint checkpoint)
    {
        var record = new RecordBuffer();
        var blobs = new List<ChannelBlob>();
        foreach (var channel in CheckpointFacts.Read(checkpoint).Channels)
        {
            new ChannelBlob { Namespace = checkpoint.Namespace, Channel = channel.Channel, Version = channel.Version, Type = "" }.Encode(record);
            if (content.Find(record.Record) is { } blob) blobs.Add(ChannelBlob.Decode(blob));
        }
        var writes = content.OfKind(RecordKind.PendingWrite).Select(PendingWrite.Decode)
            .Where(w => w.Namespace == checkpoint.Namespace && w.CheckpointId == checkpoint.CheckpointId)
            .OrderBy(w => w.TaskId, StringComparer.Ordinal).ThenBy(w => w.Index).ToList();
        return new(checkpoint, blobs, writes);
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

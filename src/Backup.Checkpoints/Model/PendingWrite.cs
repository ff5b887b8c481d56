using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Model;

/// <summary>
/// One write of a task on a checkpoint (formats.md §2.1). It may come before or after its checkpoint, and onto an old one;
/// those with a negative index are updated in place.
/// </summary>
public sealed record PendingWrite
{
    /// <summary>Namespace; empty for the root graph.</summary>
    public required string Namespace { get; init; }
    /// <summary>The checkpoint written on.</summary>
    public required string CheckpointId { get; init; }
    /// <summary>The task that wrote.</summary>
    public required string TaskId { get; init; }
    /// <summary>Index in the task's writes; negative for the special channels.</summary>
    public required int Index { get; init; }
    /// <summary>Channel written to.</summary>
    public required string Channel { get; init; }
    /// <summary>Type tag of the serializer, or null.</summary>
    public string? Type { get; init; }
    /// <summary>The serialized value.</summary>
    public required ReadOnlyMemory<byte> Value { get; init; }
    /// <summary>Path of the task; empty where the store has none.</summary>
    public string TaskPath { get; init; } = "";
    /// <summary>Columns this model does not know.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = Extras.None;

    /// <summary>Encodes: key namespace, checkpoint id, task id, index; then channel, type?, value, task path, extras.</summary>
    public void Encode(RecordBuffer buffer)
    {
        buffer.Begin(RecordKind.PendingWrite);
        buffer.Text(Namespace);
        buffer.Text(CheckpointId);
        buffer.Text(TaskId);
        buffer.Signed(Index);
        buffer.EndKey();
        buffer.Text(Channel);
        buffer.OptionalText(Type);
        buffer.Bytes(Value.Span);
        buffer.Text(TaskPath);
        Extras.Write(buffer, Extra);
    }

    /// <summary>Decodes; the value's memory is the record's.</summary>
    public static PendingWrite Decode(EncodedRecord record)
    {
        var reader = new RecordReader(record.Bytes.Span);
        string ns = reader.Text(), checkpoint = reader.Text(), task = reader.Text();
        var index = reader.Signed();
        if (index is < int.MinValue or > int.MaxValue) throw new RecordFormatException($"write index {index}");
        var channel = reader.Text();
        var type = reader.OptionalText();
        var value = record.Bytes[reader.Slice()];
        var path = reader.Text();
        var extra = Extras.Read(ref reader);
        reader.End();
        return new() { Namespace = ns, CheckpointId = checkpoint, TaskId = task, Index = (int)index, Channel = channel, Type = type, Value = value, TaskPath = path, Extra = extra };
    }
}

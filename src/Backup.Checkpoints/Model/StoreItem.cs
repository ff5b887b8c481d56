using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Model;

/// <summary>One item of long-term memory (formats.md §2.8). Its namespace is the unit's id; times and the rest are extras.</summary>
public sealed record StoreItem
{
    /// <summary>Key inside the namespace.</summary>
    public required string Key { get; init; }
    /// <summary>The value, JSON text verbatim.</summary>
    public required ReadOnlyMemory<byte> Value { get; init; }
    /// <summary>The other columns as text: <c>created_at</c>, <c>updated_at</c>, <c>expires_at</c>, <c>ttl_minutes</c>.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = Extras.None;

    /// <summary>Encodes: key; then value, extras.</summary>
    public void Encode(RecordBuffer buffer)
    {
        buffer.Begin(RecordKind.StoreItem);
        buffer.Text(Key);
        buffer.EndKey();
        buffer.Bytes(Value.Span);
        Extras.Write(buffer, Extra);
    }

    /// <summary>Decodes; the value's memory is the record's.</summary>
    public static StoreItem Decode(EncodedRecord record)
    {
        var reader = new RecordReader(record.Bytes.Span);
        var key = reader.Text();
        var value = record.Bytes[reader.Slice()];
        var extra = Extras.Read(ref reader);
        reader.End();
        return new() { Key = key, Value = value, Extra = extra };
    }
}

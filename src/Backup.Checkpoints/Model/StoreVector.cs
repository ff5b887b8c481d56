using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Model;

/// <summary>The embedding of one field of an item of long-term memory (formats.md §2.8), as text, so that no extension is needed to read it.</summary>
public sealed record StoreVector
{
    /// <summary>Key of the item.</summary>
    public required string Key { get; init; }
    /// <summary>The field embedded.</summary>
    public required string Field { get; init; }
    /// <summary>The other columns as text: <c>embedding</c>, <c>created_at</c>, <c>updated_at</c>, <c>text_content</c>.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = Extras.None;

    /// <summary>Encodes: key item key, field; then extras.</summary>
    public void Encode(RecordBuffer buffer)
    {
        buffer.Begin(RecordKind.StoreVector);
        buffer.Text(Key);
        buffer.Text(Field);
        buffer.EndKey();
        Extras.Write(buffer, Extra);
    }

    /// <summary>Decodes.</summary>
    public static StoreVector Decode(EncodedRecord record)
    {
        var reader = new RecordReader(record.Bytes.Span);
        string key = reader.Text(), field = reader.Text();
        var extra = Extras.Read(ref reader);
        reader.End();
        return new() { Key = key, Field = field, Extra = extra };
    }
}

using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Model;

/// <summary>The value of a channel at a version (formats.md §2.1). JS forks re-use versions: the key is the store's key, not an identity of the content.</summary>
public sealed record ChannelBlob
{
    /// <summary>Namespace; empty for the root graph.</summary>
    public required string Namespace { get; init; }
    /// <summary>Channel name.</summary>
    public required string Channel { get; init; }
    /// <summary>Version as text.</summary>
    public required string Version { get; init; }
    /// <summary>Type tag of the serializer; <c>empty</c> when the channel has no value.</summary>
    public required string Type { get; init; }
    /// <summary>The serialized value, or null.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }
    /// <summary>Columns this model does not know.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = Extras.None;

    /// <summary>Encodes: key namespace, channel, version; then type, value?, extras.</summary>
    public void Encode(RecordBuffer buffer)
    {
        buffer.Begin(RecordKind.ChannelBlob);
        buffer.Text(Namespace);
        buffer.Text(Channel);
        buffer.Text(Version);
        buffer.EndKey();
        buffer.Text(Type);
        if (Value is { } value) buffer.Optional(value.Span); else buffer.Null();
        Extras.Write(buffer, Extra);
    }

    /// <summary>Decodes; the value's memory is the record's.</summary>
    public static ChannelBlob Decode(EncodedRecord record)
    {
        var reader = new RecordReader(record.Bytes.Span);
        string ns = reader.Text(), channel = reader.Text(), version = reader.Text(), type = reader.Text();
        // A plain null would become an empty memory: arrays convert to one.
        var value = reader.OptionalSlice() is { } place ? record.Bytes[place] : (ReadOnlyMemory<byte>?)null;
        var extra = Extras.Read(ref reader);
        reader.End();
        return new() { Namespace = ns, Channel = channel, Version = version, Type = type, Value = value, Extra = extra };
    }
}

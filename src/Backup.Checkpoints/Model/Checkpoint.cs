using Backup.Checkpoints.Encoding;

namespace Backup.Checkpoints.Model;

/// <summary>How the envelope and the metadata of a checkpoint are written. The number is stored in archives.</summary>
public enum EnvelopeForm : byte
{
    /// <summary>JSON text as PostgreSQL prints a jsonb, channel values split off into blobs (formats.md §2.3).</summary>
    JsonSplit = 1,
}

/// <summary>One checkpoint of a thread (formats.md §1.1, §2.1).</summary>
public sealed record Checkpoint
{
    /// <summary>Namespace; empty for the root graph.</summary>
    public required string Namespace { get; init; }
    /// <summary>Id, opaque text.</summary>
    public required string CheckpointId { get; init; }
    /// <summary>Id of the parent, or null.</summary>
    public string? ParentId { get; init; }
    /// <summary>The type column, which savers leave null.</summary>
    public string? Type { get; init; }
    /// <summary>How <see cref="Envelope"/> and <see cref="Metadata"/> are written.</summary>
    public EnvelopeForm Form { get; init; } = EnvelopeForm.JsonSplit;
    /// <summary>The checkpoint object, verbatim.</summary>
    public required ReadOnlyMemory<byte> Envelope { get; init; }
    /// <summary>The metadata, verbatim.</summary>
    public required ReadOnlyMemory<byte> Metadata { get; init; }
    /// <summary>Columns this model does not know.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = Extras.None;

    /// <summary>Encodes: key namespace, id; then form, parent?, type?, envelope, metadata, extras.</summary>
    public void Encode(RecordBuffer buffer)
    {
        buffer.Begin(RecordKind.Checkpoint);
        buffer.Text(Namespace);
        buffer.Text(CheckpointId);
        buffer.EndKey();
        buffer.Unsigned((byte)Form);
        buffer.OptionalText(ParentId);
        buffer.OptionalText(Type);
        buffer.Bytes(Envelope.Span);
        buffer.Bytes(Metadata.Span);
        Extras.Write(buffer, Extra);
    }

    /// <summary>Decodes; the memory of envelope and metadata is the record's.</summary>
    public static Checkpoint Decode(EncodedRecord record)
    {
        var reader = new RecordReader(record.Bytes.Span);
        string ns = reader.Text(), id = reader.Text();
        var form = (EnvelopeForm)reader.Unsigned();
        if (form != EnvelopeForm.JsonSplit) throw new RecordFormatException($"unknown envelope form {(int)form}");
        string? parent = reader.OptionalText(), type = reader.OptionalText();
        var envelope = record.Bytes[reader.Slice()];
        var metadata = record.Bytes[reader.Slice()];
        var extra = Extras.Read(ref reader);
        reader.End();
        return new() { Namespace = ns, CheckpointId = id, Form = form, ParentId = parent, Type = type, Envelope = envelope, Metadata = metadata, Extra = extra };
    }
}

using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Encoding;

/// <summary>
/// One record as archives carry it (docs/format.md, Records). The first <see cref="KeyLength"/> bytes are the kind and
/// the store's primary key without the unit id; equal contents have equal bytes. The memory is valid until the producer's next record.
/// </summary>
/// <param name="Bytes">The whole encoding, kind byte first.</param>
/// <param name="KeyLength">How many of the bytes are kind and key.</param>
public readonly record struct EncodedRecord(ReadOnlyMemory<byte> Bytes, int KeyLength)
{
    /// <summary>The record's kind.</summary>
    public RecordKind Kind => (RecordKind)Bytes.Span[0];

    /// <summary>Kind and key.</summary>
    public ReadOnlyMemory<byte> Key => Bytes[..KeyLength];
}

using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Redis.Capture;

/// <summary>A field of a unit's hash and its value as a record.</summary>
internal sealed class CanonicalRecord
{
    private readonly RecordBuffer again = new();

    /// <summary>Puts both together.</summary>
    /// <exception cref="RecordFormatException">They are no record, or not written as records are.</exception>
    public EncodedRecord Read(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        var bytes = new byte[field.Length + value.Length];
        field.CopyTo(bytes);
        value.CopyTo(bytes.AsSpan(field.Length));
        var record = new EncodedRecord(bytes, field.Length);
        switch (record.Kind)
        {
            case RecordKind.Checkpoint: Checkpoint.Decode(record).Encode(again); break;
            case RecordKind.ChannelBlob: ChannelBlob.Decode(record).Encode(again); break;
            case RecordKind.PendingWrite: PendingWrite.Decode(record).Encode(again); break;
            case RecordKind.StoreItem: StoreItem.Decode(record).Encode(again); break;
            case RecordKind.StoreVector: StoreVector.Decode(record).Encode(again); break;
            default: throw new RecordFormatException($"a record of kind {(byte)record.Kind}");
        }
        return again.Record is var canonical && canonical.KeyLength == field.Length && canonical.Bytes.Span.SequenceEqual(bytes) ? record
            : throw new RecordFormatException("a record that is not written in the one way there is");
    }
}

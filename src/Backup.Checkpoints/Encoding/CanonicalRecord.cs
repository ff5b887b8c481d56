using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Encoding;

/// <summary>Tells whether bytes that a store kept are a record written in the one way there is. Not for concurrent use.</summary>
public sealed class CanonicalRecord
{
    private readonly RecordBuffer again = new();

    /// <summary>Puts kind and key and the rest of a record together.</summary>
    /// <exception cref="RecordFormatException">They are no record, or not written as records are.</exception>
    public EncodedRecord Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var bytes = new byte[key.Length + value.Length];
        key.CopyTo(bytes);
        value.CopyTo(bytes.AsSpan(key.Length));
        return Check(new(bytes, key.Length));
    }

    /// <summary>The same record when it is one.</summary>
    /// <exception cref="RecordFormatException">It is none, or not written as records are.</exception>
    public EncodedRecord Check(EncodedRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Checkpoint: Checkpoint.Decode(record).Encode(again); break;
            case RecordKind.ChannelBlob: ChannelBlob.Decode(record).Encode(again); break;
            case RecordKind.PendingWrite: PendingWrite.Decode(record).Encode(again); break;
            case RecordKind.StoreItem: StoreItem.Decode(record).Encode(again); break;
            case RecordKind.StoreVector: StoreVector.Decode(record).Encode(again); break;
            default: throw new RecordFormatException($"a record of kind {(byte)record.Kind}");
        }
        return again.Record is var canonical && canonical.KeyLength == record.KeyLength && canonical.Bytes.Span.SequenceEqual(record.Bytes.Span) ? record
            : throw new RecordFormatException("a record that is not written in the one way there is");
    }
}

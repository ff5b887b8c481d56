using System.Collections.Immutable;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Memory;

/// <summary>
/// Everything one unit holds, as encoded records by their keys. Immutable: a change makes a new unit, so a cut that holds this
/// one keeps seeing what was there at the cut.
/// </summary>
public sealed class MemoryUnit
{
    /// <summary>A unit without records.</summary>
    public static readonly MemoryUnit Empty = new(ImmutableSortedDictionary.Create<byte[], ReadOnlyMemory<byte>>(KeyOrder.Instance), 0);

    private MemoryUnit(ImmutableSortedDictionary<byte[], ReadOnlyMemory<byte>> records, long bytes)
    {
        Records = records;
        Bytes = bytes;
    }

    /// <summary>Records by kind and key, ordered by the bytes of both.</summary>
    public ImmutableSortedDictionary<byte[], ReadOnlyMemory<byte>> Records { get; }

    /// <summary>Bytes of the records and their keys.</summary>
    public long Bytes { get; }

    /// <summary>Content digest, hexadecimal, as the index of a backup has it; null for a unit without records, which is none.</summary>
    public string? Digest
    {
        get
        {
            if (Records.IsEmpty) return null;
            var digest = new UnitDigest();
            foreach (var (key, bytes) in Records) digest.Add(new(bytes, key.Length));
            return digest.Content.ToString();
        }
    }

    /// <summary>The unit with a record added or replaced. The record's bytes are copied.</summary>
    public MemoryUnit With(EncodedRecord record)
    {
        var key = record.Key.ToArray();
        var before = Records.TryGetValue(key, out var old) ? key.Length + old.Length : 0;
        return new(Records.SetItem(key, record.Bytes.ToArray()), Bytes - before + key.Length + record.Bytes.Length);
    }

    /// <summary>The unit with a record added, unless there is one of that key already.</summary>
    public MemoryUnit WithNew(EncodedRecord record) => Records.ContainsKey(record.Key.ToArray()) ? this : With(record);

    /// <summary>The unit without the record of that key.</summary>
    public MemoryUnit Without(EncodedRecord key) =>
        Records.TryGetValue(key.Key.ToArray(), out var old) ? new(Records.Remove(key.Key.ToArray()), Bytes - key.KeyLength - old.Length) : this;

    /// <summary>The record of that key, or null.</summary>
    public EncodedRecord? Find(EncodedRecord key) =>
        Records.TryGetValue(key.Key.ToArray(), out var bytes) ? new(bytes, key.KeyLength) : null;

    /// <summary>The records of one kind, in the order of their keys.</summary>
    public IEnumerable<EncodedRecord> OfKind(RecordKind kind) =>
        Records.Where(r => r.Key[0] == (byte)kind).Select(r => new EncodedRecord(r.Value, r.Key.Length));

    private sealed class KeyOrder : IComparer<byte[]>
    {
        public static readonly KeyOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}

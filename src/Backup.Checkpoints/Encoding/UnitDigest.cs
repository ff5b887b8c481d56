using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Encoding;

/// <summary>Count, key digest and content digest of the records of one kind in one unit.</summary>
/// <param name="Count">Records.</param>
/// <param name="Keys">Sum of the SHA-256 of each record's kind and key.</param>
/// <param name="Contents">Sum of the SHA-256 of each whole record.</param>
public readonly record struct KindDigest(long Count, Digest256 Keys, Digest256 Contents);

/// <summary>What a unit holds, without holding it: a <see cref="KindDigest"/> per record kind. Does not depend on order or on the unit's id.</summary>
public sealed class UnitDigest : IEquatable<UnitDigest>
{
    /// <summary>The highest record kind.</summary>
    public const int Kinds = (int)RecordKind.StoreVector;
    private readonly KindDigest[] kinds = new KindDigest[Kinds + 1];

    /// <summary>The digest of one kind; zero when there is no such record.</summary>
    public KindDigest this[RecordKind kind]
    {
        get => kinds[(int)kind];
        set => kinds[(int)kind] = value;
    }

    /// <summary>Records of every kind.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (var kind in kinds) count += kind.Count;
            return count;
        }
    }

    /// <summary>Takes a record in.</summary>
    public void Add(EncodedRecord record)
    {
        ref var kind = ref kinds[(int)record.Kind];
        kind = new(kind.Count + 1, kind.Keys + Digest256.Of(record.Key.Span), kind.Contents + Digest256.Of(record.Bytes.Span));
    }

    /// <summary>Takes in the digest of records that are not in this one.</summary>
    public void AddAll(UnitDigest other)
    {
        for (var i = 0; i < kinds.Length; i++)
            kinds[i] = new(kinds[i].Count + other.kinds[i].Count, kinds[i].Keys + other.kinds[i].Keys, kinds[i].Contents + other.kinds[i].Contents);
    }

    /// <summary>Takes in the key of a record whose content is not known.</summary>
    public void AddKey(RecordKind kind, ReadOnlySpan<byte> key)
    {
        ref var sum = ref kinds[(int)kind];
        sum = new(sum.Count + 1, sum.Keys + Digest256.Of(key), sum.Contents);
    }

    /// <summary>True when the other one is of records with the same keys.</summary>
    public bool HasKeysOf(UnitDigest other)
    {
        for (var i = 0; i < kinds.Length; i++)
            if (kinds[i].Count != other.kinds[i].Count || kinds[i].Keys != other.kinds[i].Keys) return false;
        return true;
    }

    /// <summary>The sum of the content digests of all kinds: one value that stands for the unit's content.</summary>
    public Digest256 Content
    {
        get
        {
            Digest256 sum = default;
            foreach (var kind in kinds) sum += kind.Contents;
            return sum;
        }
    }

    /// <inheritdoc/>
    public bool Equals(UnitDigest? other) => other is not null && kinds.AsSpan().SequenceEqual(other.kinds);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as UnitDigest);

    /// <inheritdoc/>
    public override int GetHashCode() => Content.GetHashCode();
}

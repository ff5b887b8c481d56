using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>Builds one page of an index: level, number of entries, entries (docs/format.md, Index).</summary>
internal sealed class IndexPage(int level)
{
    /// <summary>Most content bytes of a page, unless a single entry is larger.</summary>
    public const int MaxLength = 64 * 1024;
    /// <summary>Most content bytes a reader accepts: one entry with a key and pieces of any sensible size.</summary>
    public const int ReadLimit = 4 << 20;
    private byte[] buffer = new byte[8 * 1024];
    private int length;
    private int entries;

    public bool IsEmpty => entries == 0;

    public byte[] FirstKey { get; private set; } = [];

    public long Units { get; private set; }

    /// <summary>Adds a leaf entry; false when the page is full.</summary>
    public bool TryAdd(UnitEntry entry)
    {
        var start = length;
        Bytes(entry.Key);
        Number((ulong)entry.Form);
        Bytes(entry.Summary);
        Number((ulong)entry.RawBytes);
        Number((ulong)entry.Pieces.Count);
        foreach (var piece in entry.Pieces)
        {
            Number((ulong)piece.Segment);
            Number((ulong)piece.Offset);
            Number((ulong)piece.Length);
            Number((ulong)piece.Start);
            Number((ulong)piece.Size);
        }
        return Keep(start, entry.Key, 1);
    }

    /// <summary>Adds an entry for a page below; false when the page is full.</summary>
    public bool TryAdd(PageEntry entry)
    {
        var start = length;
        Bytes(entry.FirstKey);
        Number((ulong)entry.Offset);
        Number((ulong)entry.Length);
        Number((ulong)entry.Units);
        return Keep(start, entry.FirstKey, entry.Units);
    }

    public byte[] Encode()
    {
        var header = new byte[1 + Varint.MaxLength];
        header[0] = (byte)level;
        var headerLength = 1 + Varint.Write(header.AsSpan(1), (ulong)entries);
        return [.. header.AsSpan(0, headerLength), .. buffer.AsSpan(0, length)];
    }

    private bool Keep(int start, byte[] key, long units)
    {
        if (entries > 0 && length > MaxLength)
        {
            length = start;
            return false;
        }
        if (entries++ == 0) FirstKey = key;
        Units += units;
        return true;
    }

    private void Bytes(byte[] value)
    {
        Number((ulong)value.Length);
        Reserve(value.Length);
        value.CopyTo(buffer, length);
        length += value.Length;
    }

    private void Number(ulong value)
    {
        Reserve(Varint.MaxLength);
        length += Varint.Write(buffer.AsSpan(length), value);
    }

    private void Reserve(int count)
    {
        if (buffer.Length - length < count) Array.Resize(ref buffer, Math.Max(length + count, buffer.Length * 2));
    }
}

/// <summary>Names a page below.</summary>
/// <param name="FirstKey">Key of its first unit.</param>
/// <param name="Offset">Offset of its frame in the index object.</param>
/// <param name="Length">Stored length of its frame.</param>
/// <param name="Units">Units below it.</param>
internal sealed record PageEntry(byte[] FirstKey, long Offset, long Length, long Units);

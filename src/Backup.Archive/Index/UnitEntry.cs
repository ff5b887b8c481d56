using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>What a backup or a tick of a log holds of a unit. The number is stored in archives and never changes its meaning.</summary>
public enum UnitForm : byte
{
    /// <summary>Every record of it.</summary>
    Whole = 0,
    /// <summary>Records that came since the base, or replace those of the same key in it.</summary>
    Delta = 1,
    /// <summary>Nothing: the base has it, the source had it no more.</summary>
    Gone = 2,
    /// <summary>Changes of a log, the newest first; not in backups.</summary>
    Changes = 3,
}

/// <summary>What an index says of one unit: where its records are and what they are.</summary>
/// <param name="Key">The unit's key; units are ordered by the bytes of their keys.</param>
/// <param name="Summary">Counts and digests of the whole unit at the backup's cut (docs/format.md, Summaries); empty for a unit that is gone.</param>
/// <param name="RawBytes">Bytes of the whole unit's encoded records.</param>
/// <param name="Pieces">The parts of frames that hold the records, in order.</param>
/// <param name="Form">What the pieces are of the unit.</param>
public sealed record UnitEntry(byte[] Key, byte[] Summary, long RawBytes, IReadOnlyList<Piece> Pieces, UnitForm Form = UnitForm.Whole)
{
    /// <summary>Which backup of a chain the entry is of: 0 for the newest.</summary>
    public int Member { get; init; }

    /// <summary>What a delta is a delta of: the unit's entry in an older backup of the chain.</summary>
    public UnitEntry? Below { get; init; }

    /// <summary>How many layers it has: 1, and one more for each that lies below.</summary>
    public int Layers => 1 + (Below?.Layers ?? 0);

    /// <summary>The highest kind of unit, the first byte of a key.</summary>
    internal const int MaxKind = 1;
    /// <summary>The highest kind of record, the first byte of one.</summary>
    internal const int RecordKinds = 5;
    private const int DigestsLength = 2 * 32;

    /// <summary>True when the bytes have the shape of a summary.</summary>
    internal static bool IsSummary(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || bytes[0] >> RecordKinds != 0) return false;
        int mask = bytes[0];
        bytes = bytes[1..];
        for (; mask != 0; mask &= mask - 1)
        {
            var used = Varint.Read(bytes, out var count);
            if (used == 0 || count > long.MaxValue || bytes.Length < used + DigestsLength) return false;
            bytes = bytes[(used + DigestsLength)..];
        }
        return bytes.Length == 0;
    }
}

/// <summary>A part of a frame's content that belongs to one unit.</summary>
/// <param name="Segment">Place of the segment in its list.</param>
/// <param name="Offset">Offset of the frame in the segment.</param>
/// <param name="Length">Stored length of the frame.</param>
/// <param name="Start">Where the part begins in the frame's content.</param>
/// <param name="Size">Length of the part.</param>
public readonly record struct Piece(int Segment, long Offset, long Length, long Start, long Size);

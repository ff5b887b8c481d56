using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>What an index says of one unit: where its records are and what they are.</summary>
/// <param name="Key">The unit's key; units are ordered by the bytes of their keys.</param>
/// <param name="Summary">Counts and digests of its records (docs/format.md, Summaries).</param>
/// <param name="RawBytes">Bytes of the encoded records.</param>
/// <param name="Pieces">The parts of frames that hold the records, in order.</param>
public sealed record UnitEntry(byte[] Key, byte[] Summary, long RawBytes, IReadOnlyList<Piece> Pieces)
{
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

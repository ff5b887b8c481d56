namespace Backup.Archive.Index;

/// <summary>What an index says of one unit: where its records are and what they are.</summary>
/// <param name="Key">The unit's key; units are ordered by the bytes of their keys.</param>
/// <param name="Summary">Counts and digests, opaque to the archive.</param>
/// <param name="RawBytes">Bytes of the encoded records.</param>
/// <param name="Pieces">The parts of frames that hold the records, in order.</param>
public sealed record UnitEntry(byte[] Key, byte[] Summary, long RawBytes, IReadOnlyList<Piece> Pieces);

/// <summary>A part of a frame's content that belongs to one unit.</summary>
/// <param name="Segment">Place of the segment in its list.</param>
/// <param name="Offset">Offset of the frame in the segment.</param>
/// <param name="Length">Stored length of the frame.</param>
/// <param name="Start">Where the part begins in the frame's content.</param>
/// <param name="Size">Length of the part.</param>
public readonly record struct Piece(int Segment, long Offset, long Length, long Start, long Size);

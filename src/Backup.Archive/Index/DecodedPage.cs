using System.Runtime.InteropServices;
using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>One page of an index as it was read (docs/format.md, Index). What it says of itself is checked before it is followed.</summary>
/// <param name="Level">0 for leaves.</param>
/// <param name="Units">A leaf's entries, in the order of their keys.</param>
/// <param name="Pages">Another page's entries, in the order of their keys and offsets, all before the page itself.</param>
internal sealed record DecodedPage(int Level, List<UnitEntry>? Units, List<PageEntry>? Pages)
{
    /// <summary>The highest level of any index.</summary>
    public const int MaxLevel = 8;
    private const int MinPieceLength = 5;

    /// <exception cref="DamageException">The bytes are authentic but no page.</exception>
    public static DecodedPage Of(byte[] bytes, string name, long offset)
    {
        int level = bytes is [var first, ..] ? first : throw new PageReader(bytes, name, offset).Damage();
        var reader = new PageReader(bytes.AsSpan(1), name, offset);
        var count = reader.Number();
        if (level > MaxLevel || count > (ulong)reader.Left || (level > 0 && count == 0) || (count > 1 && reader.Left > IndexPage.MaxLength)) throw reader.Damage();
        List<UnitEntry>? units = level == 0 ? [] : null;
        List<PageEntry>? pages = level == 0 ? null : [];
        byte[] last = [];
        long end = 0;
        for (ulong i = 0; i < count; i++)
        {
            var key = reader.Bytes();
            if (last.AsSpan().SequenceCompareTo(key) >= 0) throw reader.Damage();
            last = key;
            if (units is not null)
            {
                units.Add(ReadUnit(key, ref reader));
                continue;
            }
            var page = new PageEntry(key, reader.Count(), reader.Count(), reader.Count());
            if (page.Offset < end || page.Length > offset - page.Offset || page.Units == 0) throw reader.Damage();
            end = page.Offset + page.Length;
            pages!.Add(page);
        }
        reader.End();
        return new(level, units, pages);
    }

    private static UnitEntry ReadUnit(byte[] key, ref PageReader reader)
    {
        var form = reader.Number();
        var summary = reader.Bytes();
        var gone = form == (ulong)UnitForm.Gone;
        if (key[0] > UnitEntry.MaxKind || form > (ulong)UnitForm.Changes || (gone ? summary.Length > 0 : !UnitEntry.IsSummary(summary))) throw reader.Damage();
        var raw = reader.Count();
        var count = reader.Number();
        if (count == 0 != gone || (gone && raw > 0) || count > (ulong)(reader.Left / MinPieceLength)) throw reader.Damage();
        var pieces = new Piece[count];
        var last = (Segment: -1, Offset: 0L);
        foreach (ref var piece in pieces.AsSpan())
        {
            piece = new((int)Math.Min(reader.Count(), int.MaxValue), reader.Count(), reader.Count(), reader.Count(), reader.Count());
            // Each in a frame of its own, and a unit of many frames shares none of them.
            if ((piece.Segment, piece.Offset).CompareTo(last) <= 0 || (count > 1 && piece.Start > 0) || piece.Size > long.MaxValue - piece.Start) throw reader.Damage();
            last = (piece.Segment, piece.Offset);
        }
        return new(key, summary, raw, pieces, (UnitForm)form);
    }
}

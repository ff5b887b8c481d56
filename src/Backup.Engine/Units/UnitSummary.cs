using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Engine.Units;

/// <summary>
/// What the index keeps of a unit's content: a bit per record kind, then for each kind set its count, the sum of its key
/// hashes and the sum of its content hashes (docs/format.md, Summaries).
/// </summary>
public static class UnitSummary
{
    /// <summary>Encodes.</summary>
    public static byte[] Of(UnitDigest digest)
    {
        var buffer = new byte[1 + (UnitDigest.Kinds * (Varint.MaxLength + (2 * Digest256.Length)))];
        var length = 1;
        for (var kind = RecordKind.Checkpoint; kind <= RecordKind.StoreVector; kind++)
        {
            var part = digest[kind];
            if (part.Count == 0) continue;
            buffer[0] |= (byte)(1 << ((int)kind - 1));
            length += Varint.Write(buffer.AsSpan(length), (ulong)part.Count);
            part.Keys.Write(buffer.AsSpan(length));
            part.Contents.Write(buffer.AsSpan(length + Digest256.Length));
            length += 2 * Digest256.Length;
        }
        return buffer[..length];
    }

    /// <summary>Decodes the summary of an index entry.</summary>
    /// <exception cref="RecordFormatException">It is not one.</exception>
    public static UnitDigest Read(UnitEntry entry)
    {
        ReadOnlySpan<byte> bytes = entry.Summary;
        var digest = new UnitDigest();
        if (bytes.Length == 0 || bytes[0] >> UnitDigest.Kinds != 0) throw new RecordFormatException("a summary names unknown record kinds");
        int mask = bytes[0];
        bytes = bytes[1..];
        for (var kind = RecordKind.Checkpoint; kind <= RecordKind.StoreVector; kind++)
        {
            if ((mask & (1 << ((int)kind - 1))) == 0) continue;
            var used = Varint.Read(bytes, out var count);
            if (used == 0 || count > long.MaxValue || bytes.Length < used + (2 * Digest256.Length)) throw new RecordFormatException("a summary ends too early");
            digest[kind] = new((long)count, Digest256.Read(bytes[used..]), Digest256.Read(bytes[(used + Digest256.Length)..]));
            bytes = bytes[(used + (2 * Digest256.Length))..];
        }
        if (bytes.Length > 0) throw new RecordFormatException("a summary is too long");
        return digest;
    }

    /// <summary>The unit's share of totals.</summary>
    public static Totals Count(UnitEntry entry) => entry.Form == UnitForm.Gone ? Totals.None
        : new(1, entry.Key[0] == (byte)UnitKind.Thread ? 1 : 0, Read(entry).Count, entry.RawBytes);
}

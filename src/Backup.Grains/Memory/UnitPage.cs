using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;

namespace Backup.Grains.Memory;

/// <summary>An encoded record.</summary>
/// <param name="Bytes">The whole encoding.</param>
/// <param name="KeyLength">How many of the bytes are kind and key.</param>
[GenerateSerializer, Immutable, Alias("backup.MemoryRecord")]
internal readonly record struct MemoryRecord([property: Id(0)] ReadOnlyMemory<byte> Bytes, [property: Id(1)] int KeyLength);

/// <summary>Records of one unit, all of them or a part.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Records">The records.</param>
/// <param name="Last">True when the unit is complete with them.</param>
/// <param name="Replace">In a restore: the unit may be there already.</param>
[GenerateSerializer, Immutable, Alias("backup.UnitPiece")]
internal sealed record UnitPiece([property: Id(0)] string Unit, [property: Id(1)] IReadOnlyList<MemoryRecord> Records, [property: Id(2)] bool Last, [property: Id(3)] bool Replace = false);

/// <summary>A place in the records of several units.</summary>
/// <param name="Unit">Index of the unit.</param>
/// <param name="Record">Index of the record.</param>
[GenerateSerializer, Immutable, Alias("backup.PagePosition")]
internal readonly record struct PagePosition([property: Id(0)] int Unit, [property: Id(1)] int Record);

/// <summary>As much of several units as one message carries: a mebibyte, or one record that is larger.</summary>
/// <param name="Pieces">The pieces.</param>
/// <param name="Next">Where the next page begins, or null when this is the last.</param>
[GenerateSerializer, Immutable, Alias("backup.UnitPage")]
internal sealed record UnitPage([property: Id(0)] IReadOnlyList<UnitPiece> Pieces, [property: Id(1)] PagePosition? Next)
{
    /// <summary>Bytes a page holds.</summary>
    public const int Size = 1 << 20;

    /// <summary>What a record or a piece costs besides its bytes.</summary>
    public const int Overhead = 64;

    /// <summary>The page that begins at <paramref name="from"/>; units that are not found are left out.</summary>
    public static UnitPage Of(IReadOnlyList<UnitId> units, PagePosition from, Func<UnitId, MemoryUnit?> find)
    {
        var pieces = new List<UnitPiece>();
        long bytes = 0;
        for (var i = from.Unit; i < units.Count; i++)
        {
            if (find(units[i]) is not { } content) continue;
            var records = new List<MemoryRecord>();
            var at = i == from.Unit ? from.Record : 0;
            foreach (var (key, record) in content.Records.Skip(at))
            {
                if (bytes > 0 && bytes + record.Length > Size)
                {
                    if (records.Count > 0) pieces.Add(new(UnitName.Of(units[i]), records, Last: false));
                    return new(pieces, new(i, at));
                }
                records.Add(new(record, key.Length));
                bytes += record.Length + Overhead;
                at++;
            }
            pieces.Add(new(UnitName.Of(units[i]), records, Last: true));
        }
        return new(pieces, null);
    }
}

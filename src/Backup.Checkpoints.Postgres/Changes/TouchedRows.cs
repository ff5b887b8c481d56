using System.Globalization;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Postgres.Changes;

/// <summary>
/// The condition on a row's xmin that tells rows an earlier cut may not have seen. Everything below the earlier snapshot's xmin had
/// ended then, subtransactions included; what came at or above it is read again, whether or not that cut saw it.
/// </summary>
internal static class TouchedRows
{
    /// <summary>Transaction ids after which the 32 bits of a row's xmin say nothing about before and after.</summary>
    public const ulong MaxDistance = 1UL << 30;

    // Ids 0 to 2 are no transactions: such rows are older than any cut.
    private const uint FirstId = 3;

    /// <summary>True for rows written at or after the earlier cut: those whose xmin is in the half of the circle of ids that begins with the cut's.</summary>
    public static string Since(EarlierCut earlier)
    {
        var from = (uint)(Xmin(earlier.Identity) ?? 0);
        var to = unchecked(from + 0x80000000);
        var first = Math.Max(from, FirstId);
        return from < to ? $"(xidsend(xmin) >= {Bytes(first)} and xidsend(xmin) < {Bytes(to)})"
            : $"(xidsend(xmin) >= {Bytes(first)} or (xidsend(xmin) >= {Bytes(FirstId)} and xidsend(xmin) < {Bytes(to)}))";
    }

    /// <summary>The snapshot's xmin with its epoch, or null.</summary>
    public static ulong? Xmin(IReadOnlyDictionary<string, string> identity) =>
        identity.TryGetValue("snapshotXmin", out var text) && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var xmin) ? xmin : null;

    // Ids have an order nowhere but in their bytes, which are sent with the high ones first; a cast to text costs three times as much, for every row.
    private static string Bytes(uint id) => string.Create(CultureInfo.InvariantCulture, $"decode('{id:x8}', 'hex')");
}

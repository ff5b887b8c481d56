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

    /// <summary>True for rows written at or after the earlier cut.</summary>
    public static string Since(EarlierCut earlier)
    {
        var xmin = (uint)(Xmin(earlier.Identity) ?? 0);
        // Ids 0 to 2 are no transactions: such rows are older than any cut.
        return string.Create(CultureInfo.InvariantCulture, $"(xmin::text::bigint > 2 and ((xmin::text::bigint - {xmin}::bigint) & 4294967295) < 2147483648)");
    }

    /// <summary>The snapshot's xmin with its epoch, or null.</summary>
    public static ulong? Xmin(IReadOnlyDictionary<string, string> identity) =>
        identity.TryGetValue("snapshotXmin", out var text) && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var xmin) ? xmin : null;
}

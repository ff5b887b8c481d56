using System.Globalization;
using Backup.Storage;

namespace Backup.Archive.Catalog;

/// <summary>Epochs of owners, as the names of their claims say them: behind a prefix the number, then a dash.</summary>
internal static class Epochs
{
    /// <summary>The epoch in a claim's name; 0 when there is none.</summary>
    public static int Of(string name, string prefix) =>
        int.TryParse(name.AsSpan(prefix.Length).ToString().Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : 0;

    /// <summary>The highest epoch listed behind a prefix; 0 when there is none.</summary>
    public static async Task<int> HighestAsync(OpenedArchive archive, string prefix, CancellationToken cancellation)
    {
        var highest = 0;
        await foreach (var item in archive.Storage.ListAsync(prefix, cancellation))
            highest = Math.Max(highest, Of(item.Name, prefix));
        return highest;
    }
}

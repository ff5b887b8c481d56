using System.Globalization;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>What a unit is after one entry of its log. It is the last part of a key, so that a listing tells it.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Root">Where it stands: among the store's heads, or aside.</param>
/// <param name="Number">Number of the entry.</param>
/// <param name="First">The entry from which on the log counts.</param>
/// <param name="Parts">How many objects beside the log it names.</param>
/// <param name="Bytes">Bytes of the records.</param>
/// <param name="Content">The unit's content digest; zero when it was deleted.</param>
internal sealed record UnitHead(UnitId Unit, string Root, long Number, long First, int Parts, long Bytes, Digest256 Content)
{
    /// <summary>True when the unit was deleted.</summary>
    public bool IsGone => Bytes == 0;

    /// <summary>Where the unit's keys stand below a root.</summary>
    public string Place { get; } = StoreKeys.Place(Unit);

    /// <summary>Its key.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Root}{Place}{Number:D10}-{First}-{Parts}-{Bytes}-{Content}");

    /// <summary>The key of an entry. What is aside is one entry and its head in one.</summary>
    public string EntryKey(long number) => Root == StoreKeys.Heads ? StoreKeys.Entry(Place, number) : Key;

    /// <summary>Reads the last part of a key; null when it is no head.</summary>
    public static UnitHead? Read(UnitId unit, string root, string text)
    {
        if (text.Split('-') is not [{ Length: 10 } number, var first, var parts, var bytes, { Length: 2 * Digest256.Length } content]) return null;
        try
        {
            return new(unit, root, Parse(number), Parse(first), (int)Parse(parts), Parse(bytes), Digest256.Read(Convert.FromHexString(content)));
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            return null;
        }
    }

    private static long Parse(string number) => long.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture);
}

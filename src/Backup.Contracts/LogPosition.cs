using System.Globalization;

namespace Backup.Contracts;

/// <summary>A position in a source's log as people write it: PostgreSQL's two hexadecimal halves, <c>16/B374D848</c>.</summary>
public static class LogPosition
{
    /// <summary>Prints a position.</summary>
    public static string ToText(ulong position) => string.Create(CultureInfo.InvariantCulture, $"{position >> 32:X}/{position & uint.MaxValue:X}");

    /// <summary>Reads a position; null when the text is none.</summary>
    public static ulong? Read(string? text)
    {
        if (text?.Split('/') is not [{ Length: >= 1 and <= 8 } high, { Length: >= 1 and <= 8 } low]) return null;
        return uint.TryParse(high, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var upper) && uint.TryParse(low, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var lower)
            ? ((ulong)upper << 32) | lower : null;
    }
}

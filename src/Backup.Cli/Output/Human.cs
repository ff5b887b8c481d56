using System.Globalization;

namespace Backup.Cli.Output;

/// <summary>Numbers as a person reads them.</summary>
internal static class Human
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>12,345.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary><c>1 thread</c>, <c>12,345 threads</c>.</summary>
    public static string Count(long count, string one) => $"{Count(count)} {one}{(count == 1 ? "" : "s")}";

    /// <summary>Three digits that count: 999 B, 1.23 MB, 45.6 GB.</summary>
    public static string Size(long bytes)
    {
        double size = bytes;
        var unit = 0;
        // 999.5 would print as 1000.
        while (size >= (unit == 0 ? 1000 : 999.5) && unit < Units.Length - 1)
        {
            size /= 1000;
            unit++;
        }
        return $"{(unit == 0 ? size.ToString("0", CultureInfo.InvariantCulture) : Digits(size))} {Units[unit]}";
    }

    /// <summary>420 ms, 1.23 s, 12.3 s, 3 min 20 s, 2 h 05 min.</summary>
    public static string Duration(double seconds)
    {
        if (seconds < 0.9995) return $"{Math.Max(0, seconds) * 1000:0} ms";
        if (seconds < 99.95) return $"{Digits(seconds)} s";
        var whole = TimeSpan.FromSeconds(Math.Round(seconds));
        return whole.TotalHours < 1 ? $"{whole.Minutes} min {whole.Seconds:00} s" : $"{(long)whole.TotalHours} h {whole.Minutes:00} min";
    }

    /// <summary>How much smaller: 36 ×.</summary>
    public static string Ratio(long raw, long stored) => stored <= 0 || raw <= 0 ? "–" : $"{Digits((double)raw / stored)} ×";

    /// <summary>Bytes in a second.</summary>
    public static string Rate(long bytes, double seconds) => seconds <= 0 ? "–" : $"{Size((long)(bytes / seconds))}/s";

    /// <summary>Coordinated universal time to the second.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    private static string Digits(double value) => value.ToString(value switch { >= 99.95 => "0", >= 9.995 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);
}

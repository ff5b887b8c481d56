using System.Globalization;

namespace Backup.Cli.Commands;

/// <summary>An age as it is written: a whole number and <c>h</c> or <c>d</c>.</summary>
internal static class Age
{
    private const int MostDays = 36500;

    /// <summary>Reads an age.</summary>
    /// <exception cref="Contracts.BackupException">Usage: it is not one.</exception>
    public static TimeSpan Parse(string option, string text)
    {
        if (text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            if (text[^1] == 'h' && number <= MostDays * 24) return TimeSpan.FromHours(number);
            if (text[^1] == 'd' && number <= MostDays) return TimeSpan.FromDays(number);
        }
        throw WrongUse.Error($"{option}: '{text}' is not an age", "Write hours or days: 36h, 7d.");
    }
}

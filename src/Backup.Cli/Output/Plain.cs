using System.Globalization;
using System.Text;

namespace Backup.Cli.Output;

/// <summary>Makes foreign text safe for a terminal: ids and messages may hold control characters that would act on it.</summary>
internal static class Plain
{
    /// <summary>One line: every control and format character is shown as an escape.</summary>
    public static string Text(string text) => Escape(text, keepLines: false);

    /// <summary>Line ends stay.</summary>
    public static string Lines(string text) => Escape(text, keepLines: true);

    private static string Escape(string text, bool keepLines)
    {
        if (!text.Any(c => IsUnsafe(c, keepLines))) return text;
        var safe = new StringBuilder();
        foreach (var c in text)
        {
            if (IsUnsafe(c, keepLines)) safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else safe.Append(c);
        }
        return safe.ToString();
    }

    // Format characters reorder what is read (bidirectional overrides); surrogates come in pairs and are left alone.
    private static bool IsUnsafe(char c, bool keepLines) =>
        !(keepLines && c == '\n') && CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}

namespace Backup.Cli.Output;

/// <summary>Columns of plain text, aligned; numbers to the right. For lists that fit in memory.</summary>
internal sealed class TextTable(params string[] headers)
{
    private readonly List<string[]> rows = [];

    /// <summary>Headers that begin with this are of columns aligned to the right.</summary>
    public const string Right = ">";

    public void Add(params string[] cells) => rows.Add([.. cells.Select(Plain.Text)]);

    public void Write(TextWriter writer)
    {
        var titles = headers.Select(header => header.TrimStart('>')).ToArray();
        var widths = titles.Select((title, i) => rows.Select(row => row[i].Length).Append(title.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(titles))
            writer.WriteLine(string.Join("  ", row.Select((cell, i) => headers[i].StartsWith(Right, StringComparison.Ordinal) ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
    }
}

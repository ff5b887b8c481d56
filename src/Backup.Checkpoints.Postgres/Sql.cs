using System.Text;

namespace Backup.Checkpoints.Postgres;

/// <summary>Quoting. COPY takes no parameters, so values stand in the statement.</summary>
internal static class Sql
{
    /// <summary>An identifier.</summary>
    public static string Name(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A text literal, whatever <c>standard_conforming_strings</c> says.</summary>
    public static string Text(string value) =>
        value.Contains('\\', StringComparison.Ordinal)
            ? $"E'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'"
            : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>An array of text.</summary>
    public static string Array(IEnumerable<string> values)
    {
        var sql = new StringBuilder("ARRAY[");
        var first = true;
        foreach (var value in values)
        {
            if (!first) sql.Append(',');
            sql.Append(Text(value));
            first = false;
        }
        return sql.Append("]::text[]").ToString();
    }
}

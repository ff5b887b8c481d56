using System.Text.RegularExpressions;

namespace Backup.Tests.Architecture.Support;

/// <summary>What tests read from the documentation.</summary>
internal static partial class Markdown
{
    public static IReadOnlyList<string> Files { get; } = [.. Repository.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal))];

    /// <summary>Targets of links that lead into this repository.</summary>
    public static IEnumerable<string> Links(string file) => Link().Matches(Outside(file)).Select(m => m.Groups[1].Value)
        .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal));

    /// <summary>The anchors of a file's headings.</summary>
    public static HashSet<string> Anchors(string file) => [.. Heading().Matches(Outside(file)).Select(m => NotInAnchor().Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    /// <summary>Fenced blocks: language and content.</summary>
    public static IEnumerable<(string Language, string Text)> Blocks(string file) => Fence().Matches(Repository.Text(file)).Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    /// <summary>The first cells of the tables under a heading, down to the next heading.</summary>
    public static IEnumerable<string> FirstCells(string file, string heading)
    {
        var lines = Repository.Text(file).Split('\n').SkipWhile(line => line.TrimStart('#').Trim() != heading || !line.StartsWith('#')).Skip(1).TakeWhile(line => !line.StartsWith('#'));
        return lines.Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|')[1].Trim().Trim('`'));
    }

    /// <summary>The headings that begin with a text.</summary>
    public static IEnumerable<string> Headings(string file, string beginning) =>
        Heading().Matches(Outside(file)).Select(m => m.Groups[1].Value.Trim()).Where(h => h.StartsWith(beginning, StringComparison.Ordinal));

    private static string Outside(string file) => Fence().Replace(Repository.Text(file), "");

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}

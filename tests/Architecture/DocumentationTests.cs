using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Tests.Architecture;

/// <summary>The documentation says what is there, all of it, and nothing that is not.</summary>
public partial class DocumentationTests
{
    private const string Reference = "docs/tool.md";

    public static TheoryData<string> Files => [.. Markdown.Files];

    [Theory, MemberData(nameof(Files))]
    public void LinksLeadSomewhere(string file)
    {
        var broken = new List<string>();
        foreach (var link in Markdown.Links(file))
        {
            var parts = link.Split('#', 2);
            var target = parts[0].Length == 0 ? file : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, parts[0]))).Replace('\\', '/');
            if (!Path.Exists(Path.Combine(Repository.Root, target))) broken.Add(link);
            else if (parts.Length == 2 && !Markdown.Anchors(target).Contains(parts[1])) broken.Add(link);
        }
        Assert.Empty(broken);
    }

    [Fact]
    public async Task TheReferenceHasEveryCommandWithItsOptionsAndNoOther()
    {
        var commands = (await Help.OfToolAsync()).Where(c => !c.IsGroup).ToList();
        var written = Markdown.Headings(Reference, "`backup ").Select(h => h.Trim('`')).ToList();
        Assert.Equal(commands.Select(c => string.Join(' ', ["backup", c.Path, .. c.Arguments.Select(a => a.ToUpperInvariant())])).Order(), written.Order());
        foreach (var command in commands)
        {
            var heading = written.Single(h => h == $"backup {command.Path}" || h.StartsWith($"backup {command.Path} ", StringComparison.Ordinal));
            var options = Markdown.FirstCells(Reference, $"`{heading}`").Select(cell => cell.Split(' ')[0]).Where(cell => cell.StartsWith("--", StringComparison.Ordinal));
            Assert.Equal((heading, string.Join(' ', command.Options.Order())), (heading, string.Join(' ', options.Order())));
        }
    }

    [Theory]
    [InlineData(typeof(ArchiveInitReport)), InlineData(typeof(ArchiveCheckReport)), InlineData(typeof(ArchiveRewrapReport)), InlineData(typeof(CollectReport)), InlineData(typeof(InertRun)), InlineData(typeof(BackupSummary)), InlineData(typeof(Finding)), InlineData(typeof(RunStatus))]
    [InlineData(typeof(VerifyReport)), InlineData(typeof(RestorePlan)), InlineData(typeof(RestoreReport)), InlineData(typeof(ThreadView)), InlineData(typeof(ThreadCapture)), InlineData(typeof(PendingChanges)), InlineData(typeof(CheckpointView)), InlineData(typeof(LogStatus)), InlineData(typeof(LogGap))]
    [InlineData(typeof(StateView)), InlineData(typeof(ChannelState)), InlineData(typeof(WriteState)), InlineData(typeof(ThreadDifference)), InlineData(typeof(ThreadSide)), InlineData(typeof(RecordCounts))]
    public void TheReferenceNamesEveryJsonMember(Type result) => Assert.DoesNotContain(
        result.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)),
        name => !Repository.Text(Reference).Contains($"`{name}`", StringComparison.Ordinal));

    [Theory, MemberData(nameof(Files))]
    public async Task CommandLinesUseWhatThereIs(string file)
    {
        var commands = await Help.OfToolAsync();
        var wrong = new List<string>();
        foreach (var line in Markdown.Blocks(file).SelectMany(Commands))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).TakeWhile(w => w is not ("|" or "#" or ">" or "&&")).ToList();
            // Options of every command may stand before its words.
            while (words is ["--config", _, ..]) words.RemoveRange(0, 2);
            var command = commands.Where(c => c.Path.Length > 0 && string.Join(' ', words).StartsWith(c.Path, StringComparison.Ordinal)).MaxBy(c => c.Path.Length);
            var known = (command?.Options ?? []).Concat(Help.Global).ToList();
            if (command is null || command.IsGroup || words.Any(w => w.StartsWith("--", StringComparison.Ordinal) && !known.Contains(w.Split('=')[0]))) wrong.Add(line);
        }
        Assert.Empty(wrong);
    }

    // Where output is shown too, commands have a prompt before them.
    private static IEnumerable<string> Commands((string Language, string Text) block)
    {
        var prompt = block.Language == "console" ? "$ backup " : "backup ";
        return block.Text.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith(prompt, StringComparison.Ordinal)).Select(l => l.TrimStart('$').Trim());
    }

    [Theory, InlineData("README.md"), InlineData(Reference)]
    public void ExitCodesAreThoseThereAre(string file) =>
        Assert.Equal(Enum.GetValues<ErrorKind>().Select(k => (int)k).Prepend(0).Order(), Markdown.FirstCells(file, "Exit codes").Select(int.Parse).Order());

    [Fact]
    public void EverySettingIsInTheReadme() =>
        Assert.Equal(Settings.All.Order(StringComparer.Ordinal), Markdown.FirstCells("README.md", "Configuration").Select(s => s.Split(' ')[0]).Order(StringComparer.Ordinal));

    [Fact]
    public void SectionsThatCommentsReferToAreThere()
    {
        var sections = Markdown.Headings("docs/formats.md", "").Select(h => h.Split(' ')[0]).ToHashSet();
        var named = Repository.Files.Where(f => Repository.IsShipped(f) && f.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(f => Section().Matches(Repository.Text(f)).SelectMany(m => m.Groups[1].Captures.Select(c => (File: f, Section: c.Value)))).ToList();
        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, n => !sections.Contains(n.Section));
    }

    [Fact]
    public void PatternsAreShownByTheCodeAsItIs()
    {
        const string Mark = "// do: ";
        var gone = new List<string>();
        foreach (var (_, text) in Markdown.Blocks("docs/patterns.md").Where(b => b.Text.StartsWith(Mark, StringComparison.Ordinal)))
        {
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var code = string.Join('\n', lines[0][Mark.Length..].Split(", ").Select(Repository.Text));
            gone.AddRange(lines.Skip(1).Where(line => !line.Split('…').All(part => code.Contains(part.Trim(), StringComparison.Ordinal))));
        }
        Assert.Empty(gone);
    }

    [Theory, MemberData(nameof(Files))]
    public void ConfigurationsShownAreAccepted(string file)
    {
        foreach (var (_, text) in Markdown.Blocks(file).Where(b => b.Language == "json" && b.Text.Contains("\"Backup\"", StringComparison.Ordinal)))
        {
            var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
            File.WriteAllText(path, text);
            try { BackupConfiguration.Load(path, new Dictionary<string, string>()); }
            finally { File.Delete(path); }
        }
    }

    [GeneratedRegex(@"formats\.md (?:§([0-9.]*[0-9])(?:, )?)+")]
    private static partial Regex Section();
}

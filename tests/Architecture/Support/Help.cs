using System.Text.RegularExpressions;
using Backup.Cli;

namespace Backup.Tests.Architecture.Support;

/// <summary>One command of the tool as its help describes it.</summary>
/// <param name="Path">Its words, such as <c>archive init</c>; empty for the tool itself.</param>
/// <param name="Arguments">Names of its arguments, in order.</param>
/// <param name="Options">Its long options, those every command has left out.</param>
/// <param name="IsGroup">True when it only gathers other commands.</param>
internal sealed partial record Help(string Path, IReadOnlyList<string> Arguments, IReadOnlyList<string> Options, bool IsGroup)
{
    /// <summary>Options of every command.</summary>
    public static readonly string[] Global = ["--config", "--json", "--debug", "--help", "--version"];

    private static readonly Lazy<Task<IReadOnlyList<Help>>> Tool = new(async () =>
    {
        var all = new List<Help>();
        await AddAsync([], all);
        return all;
    });

    /// <summary>The help of every command the tool has.</summary>
    public static Task<IReadOnlyList<Help>> OfToolAsync() => Tool.Value;

    private static async Task AddAsync(string[] path, List<Help> all)
    {
        var text = await RenderAsync([.. path, "--help"]);
        var commands = Section(text, "Commands").Select(line => line.Split(' ')[0]).ToList();
        all.Add(new(string.Join(' ', path), [.. Section(text, "Arguments").Select(line => line.Split(' ')[0].Trim('<', '>', '[', ']'))],
            [.. Section(text, "Options").Select(line => Long().Match(line).Value).Where(o => !Global.Contains(o))], commands.Count > 0));
        foreach (var command in commands) await AddAsync([.. path, command], all);
    }

    private static async Task<string> RenderAsync(string[] args)
    {
        var output = new StringWriter();
        var real = ToolHost.OfProcess();
        var code = await BackupTool.RunAsync(args, new ToolHost
        {
            Out = output, Error = output, In = TextReader.Null, Environment = new Dictionary<string, string>(), OpenRunner = real.OpenRunner, RunDemo = real.RunDemo,
        }, CancellationToken.None);
        Assert.Equal(0, code);
        return output.ToString();
    }

    // The lines under a heading: two spaces, then the name. Wrapped lines are indented further.
    private static IEnumerable<string> Section(string help, string heading) => help.ReplaceLineEndings("\n").Split('\n')
        .SkipWhile(line => line != heading + ":").Skip(1).TakeWhile(line => line.Length > 0)
        .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ').Select(line => line[2..]);

    [GeneratedRegex("--[a-z-]+")]
    private static partial Regex Long();
}

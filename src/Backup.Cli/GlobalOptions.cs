using System.CommandLine;

namespace Backup.Cli;

/// <summary>The options every command has.</summary>
internal sealed class GlobalOptions
{
    private const string DebugVariable = "BACKUP_DEBUG";

    private readonly Option<string?> config = new("--config") { Description = "Configuration file (JSON); else the file BACKUP_CONFIG names", HelpName = "FILE", Recursive = true };
    private readonly Option<bool> json = new("--json") { Description = "One JSON object on stdout, errors included", Recursive = true, Arity = ArgumentArity.Zero };
    private readonly Option<bool> debug = new("--debug") { Description = "Show where an unexpected error comes from", Recursive = true, Arity = ArgumentArity.Zero };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(config);
        root.Options.Add(json);
        root.Options.Add(debug);
    }

    public string? ConfigFile(ParseResult parse) => parse.GetValue(config);

    public bool Json(ParseResult parse) => parse.GetValue(json);

    // From the words themselves: an error of parsing is reported as asked for, too.
    public bool Json(string[] args) => Has(args, json.Name);

    public bool Debug(string[] args, IReadOnlyDictionary<string, string> environment) =>
        Has(args, debug.Name) || environment.GetValueOrDefault(DebugVariable) is "1" or "true";

    private static bool Has(string[] args, string option) => args.TakeWhile(arg => arg != "--").Contains(option);
}

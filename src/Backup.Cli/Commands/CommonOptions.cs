using System.CommandLine;

namespace Backup.Cli.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<string?> Archive() => new("--archive") { Description = "Archive; may be left out where one is configured", HelpName = "NAME" };

    public static Option<string?> Source(string description) => new("--source") { Description = description, HelpName = "NAME" };

    public static Option<string?> Layout() => new("--layout") { Description = "Make the tables of this newer generation of LangGraph's instead of those captured: python or js for its newest, python-9, js-4, …", HelpName = "LAYOUT" };

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };
}

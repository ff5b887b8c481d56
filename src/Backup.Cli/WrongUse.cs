using System.CommandLine;
using System.CommandLine.Parsing;
using Backup.Contracts;
using Backup.Hosting.Configuration;

namespace Backup.Cli;

/// <summary>Says in one line what is wrong with a command line, and what was probably meant.</summary>
internal static class WrongUse
{
    public static BackupException Of(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var path = PathOf(parse);
        var where = path.Length == 0 ? "" : $"{path}: ";
        var help = $"See 'backup{(path.Length == 0 ? "" : $" {path}")} --help'.";
        if (parse.UnmatchedTokens is [var stranger, ..]) return Error(where + Stranger(stranger, command), Near(stranger, command) ?? help);
        if (command.Subcommands.Count > 0)
            return Error($"{where}say what to do: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}", help);
        var missing = command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0 && parse.GetResult(argument) is not { Tokens.Count: > 0 });
        if (missing is not null) return Error($"{where}{missing.HelpName ?? missing.Name} is missing ({missing.Description})", help);
        var required = command.Options.FirstOrDefault(option => option.Required && parse.GetResult(option) is not { Implicit: false });
        if (required is not null) return Error($"{where}{required.Name} {required.HelpName} is missing ({required.Description})", help);
        return Error(where + Plainly(parse.Errors[0]), help);
    }

    /// <summary>Where an argument takes any number of values, the parser takes an option that it does not know for one of them.</summary>
    public static void RefuseUnknownOptions(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var taken = command.Arguments.Where(argument => argument.Arity.MaximumNumberOfValues > 1).SelectMany(argument => parse.GetResult(argument)?.Tokens ?? []);
        if (taken.FirstOrDefault(token => token.Value.StartsWith('-')) is { Value: var stranger })
            throw Error($"{PathOf(parse)}: {Stranger(stranger, command)}", Near(stranger, command) ?? $"See 'backup {PathOf(parse)} --help'.");
    }

    /// <summary>
    /// The parser takes the next word as an option's value even when it is the name of another option: almost always a value was
    /// forgotten, and <c>--thread --json</c> must not look for a thread of that name.
    /// </summary>
    public static void RefuseForgottenValues(ParseResult parse, string[] args)
    {
        var options = new List<Option>();
        for (SymbolResult? result = parse.CommandResult; result is not null; result = result.Parent)
            if (result is CommandResult { Command: var command }) options.AddRange(command.Options);
        foreach (var (word, next) in args.Zip(args.Skip(1)).TakeWhile(pair => pair.First != "--"))
        {
            if (options.Find(option => option.Name == word) is { Arity.MaximumNumberOfValues: > 0 } option && options.Exists(other => other.Name == next))
                throw Error($"{word} needs a value: {option.HelpName}", $"If the value is {next}, write {word}={next}.");
        }
    }

    public static BackupException Error(string message, string? hint = null) => new(ErrorKind.Usage, message, hint);

    private static string Stranger(string token, Command command) =>
        token.StartsWith('-') ? $"there is no option {token}"
        : command.Subcommands.Count > 0 ? $"there is no command '{token}'"
        : $"'{token}' is one argument too many";

    // The parser's own words for an option that is missing, or that has no value or too many.
    private static string Plainly(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0, IdentifierToken: not null, Option: var option } => $"{option.Name} needs a value: {option.HelpName}",
        OptionResult { Tokens.Count: > 1, Option: var option } => $"{option.Name} may be given once",
        _ => error.Message.TrimEnd('.'),
    };

    private static string? Near(string token, Command command)
    {
        var candidates = token.StartsWith('-')
            ? command.Options.Select(option => option.Name).Concat(["--config", "--json", "--debug", "--help"])
            : command.Subcommands.Select(sub => sub.Name);
        return Suggestion.For(token.Split('=')[0], candidates) is { } near ? $"Did you mean {near}?" : null;
    }

    private static string PathOf(ParseResult parse)
    {
        var names = new List<string>();
        for (var result = parse.CommandResult; result.Parent is CommandResult parent; result = parent)
            names.Insert(0, result.Command.Name);
        return string.Join(' ', names);
    }
}

using System.CommandLine;

namespace Backup.Cli.Commands;

/// <summary><c>backup log …</c></summary>
internal static class LogCommand
{
    public static Command Build(Invoker invoker) => new("log", "Look at the change log of a source")
    {
        LogStatusCommand.Build(invoker),
    };
}

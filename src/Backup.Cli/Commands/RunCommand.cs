using System.CommandLine;

namespace Backup.Cli.Commands;

/// <summary><c>backup run …</c></summary>
internal static class RunCommand
{
    public static Command Build(Invoker invoker) => new("run", "Follow and stop runs")
    {
        RunListCommand.Build(invoker),
        RunShowCommand.Build(invoker),
        RunWatchCommand.Build(invoker),
        RunCancelCommand.Build(invoker),
    };

    public static Argument<string> Id() => new("run") { HelpName = "RUN", Description = "id of a run, or the unique beginning of it" };
}

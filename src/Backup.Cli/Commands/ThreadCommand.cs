using System.CommandLine;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread …</c></summary>
internal static class ThreadCommand
{
    public static Command Build(Invoker invoker) => new("thread", "Look at threads in backups, and back one up")
    {
        ThreadListCommand.Build(invoker),
        ThreadShowCommand.Build(invoker),
        ThreadHistoryCommand.Build(invoker),
        ThreadGetCommand.Build(invoker),
        ThreadDiffCommand.Build(invoker),
        ThreadBackupCommand.Build(invoker),
    };

    // Not checked against the configuration: the archive knows sources that are configured no more.
    public static Option<string> Source() => new("--source") { Description = "Source whose backups are looked at", HelpName = "NAME", Required = true };

    public static Option<string> Thread() => new("--thread") { Description = "Id of the thread", HelpName = "ID", Required = true };
}

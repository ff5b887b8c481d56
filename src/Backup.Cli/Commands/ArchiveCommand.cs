using System.CommandLine;

namespace Backup.Cli.Commands;

/// <summary><c>backup archive …</c></summary>
internal static class ArchiveCommand
{
    public static Command Build(Invoker invoker) => new("archive", "Make an archive, take stock of one, tidy it, or change what opens it")
    {
        ArchiveInitCommand.Build(invoker),
        ArchiveCheckCommand.Build(invoker),
        ArchiveCollectCommand.Build(invoker),
        ArchiveRewrapCommand.Build(invoker),
    };

    public static Argument<string> Name() => new("name") { HelpName = "NAME", Description = "configured name of the archive" };
}

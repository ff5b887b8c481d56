using System.CommandLine;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup archive init NAME</c>: makes the archive, and its key file when it is not there.</summary>
internal static class ArchiveInitCommand
{
    public static Command Build(Invoker invoker)
    {
        var name = ArchiveCommand.Name();
        var command = new Command("init", "Make an archive, and its key file when it is not there") { name };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var archive = session.Archive(parse.GetRequiredValue(name));
            var report = await (await session.RunnerAsync(cancellation)).InitArchiveAsync(archive, cancellation);
            session.Results.Write(report, writer => ArchiveText.Init(writer, report));
            return 0;
        }));
        return command;
    }
}

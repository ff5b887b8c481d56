using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup archive check NAME</c>: opens the archive and says what it holds.</summary>
internal static class ArchiveCheckCommand
{
    public static Command Build(Invoker invoker)
    {
        var name = ArchiveCommand.Name();
        var command = new Command("check", "Open an archive and say what it holds") { name };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var archive = session.Archive(parse.GetRequiredValue(name));
            var report = await (await session.RunnerAsync(cancellation)).CheckArchiveAsync(archive, cancellation);
            session.Results.Write(report, writer => ArchiveText.Check(writer, report));
            return report.Ok ? 0 : (int)ErrorKind.Damage;
        }));
        return command;
    }
}

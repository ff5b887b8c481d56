using System.CommandLine;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup show BACKUP</c>: everything about one backup.</summary>
internal static class ShowCommand
{
    public static Command Build(Invoker invoker)
    {
        var id = new Argument<string>("backup") { HelpName = "BACKUP", Description = "id of a backup, or the unique beginning of it" };
        var archive = CommonOptions.Archive();
        var command = new Command("show", "Show one backup") { id, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var name = session.Archive(parse.GetValue(archive));
            var backup = await (await session.RunnerAsync(cancellation)).ShowAsync(name, parse.GetRequiredValue(id), cancellation);
            session.Results.Write(backup, writer => BackupText.Show(writer, backup));
            return 0;
        }));
        return command;
    }
}

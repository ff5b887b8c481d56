using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup list</c>: the backups of an archive.</summary>
internal static class ListCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = CommonOptions.Source("Only backups of this source");
        var archive = CommonOptions.Archive();
        var command = new Command("list", "List the backups of an archive") { source, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            // A source need not be configured any more: the archive knows it.
            var name = session.Archive(parse.GetValue(archive));
            var backups = await (await session.RunnerAsync(cancellation)).ListAsync(name, parse.GetValue(source), cancellation);
            session.Results.Write(
                () => new JsonObject { ["archive"] = name, ["backups"] = JsonOutput.ArrayOf(backups) },
                writer => BackupText.List(writer, name, backups));
            return 0;
        }));
        return command;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread show</c>: one thread: what of it is captured, what is pending, and every backup that holds it.</summary>
internal static class ThreadShowCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = ThreadCommand.Source();
        var thread = ThreadCommand.Thread();
        var archive = CommonOptions.Archive();
        var command = new Command("show", "Show what of one thread is captured, what is pending, and the backups that hold it") { source, thread, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var name = session.Archive(parse.GetValue(archive));
            var (from, id) = (parse.GetRequiredValue(source), parse.GetRequiredValue(thread));
            var delta = await (await session.RunnerAsync(cancellation)).ShowThreadAsync(name, from, id, cancellation);
            if (delta.Backups.Count == 0 && delta.Pending.State is (PendingState.Unknown or PendingState.None))
                throw new BackupException(ErrorKind.NotFound, $"no backup of '{from}' holds thread '{id}'", $"'backup thread list --source {from}' shows the threads there are.");
            session.Results.Write(() => new JsonObject
            {
                ["archive"] = name, ["source"] = from, ["threadId"] = id, ["backups"] = JsonOutput.ArrayOf(delta.Backups),
                ["captured"] = delta.Captured is { } captured ? JsonOutput.ObjectOf(captured) : null, ["pending"] = JsonOutput.ObjectOf(delta.Pending),
            }, writer => ThreadText.Show(writer, delta));
            return 0;
        }));
        return command;
    }
}

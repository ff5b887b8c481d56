using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread show</c>: one thread, in every backup that holds it.</summary>
internal static class ThreadShowCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = ThreadCommand.Source();
        var thread = ThreadCommand.Thread();
        var archive = CommonOptions.Archive();
        var command = new Command("show", "Show one thread in the backups that hold it") { source, thread, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var name = session.Archive(parse.GetValue(archive));
            var (from, id) = (parse.GetRequiredValue(source), parse.GetRequiredValue(thread));
            var views = await (await session.RunnerAsync(cancellation)).ShowThreadAsync(name, from, id, cancellation);
            session.Results.Write(
                () => new JsonObject { ["archive"] = name, ["source"] = from, ["threadId"] = id, ["backups"] = JsonOutput.ArrayOf(views) },
                writer => ThreadText.Show(writer, id, views));
            return 0;
        }));
        return command;
    }
}

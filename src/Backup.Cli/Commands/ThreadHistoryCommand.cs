using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread history</c>: every checkpoint of one thread that can be recovered.</summary>
internal static class ThreadHistoryCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = ThreadCommand.Source();
        var thread = ThreadCommand.Thread();
        var archive = CommonOptions.Archive();
        var command = new Command("history", "List every checkpoint of one thread that can be recovered") { source, thread, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var name = session.Archive(parse.GetValue(archive));
            var (from, id) = (parse.GetRequiredValue(source), parse.GetRequiredValue(thread));
            var checkpoints = await (await session.RunnerAsync(cancellation)).HistoryAsync(name, from, id, cancellation);
            session.Results.Write(
                () => new JsonObject { ["archive"] = name, ["source"] = from, ["threadId"] = id, ["checkpoints"] = JsonOutput.ArrayOf(checkpoints) },
                writer => ThreadText.History(writer, id, checkpoints));
            return 0;
        }));
        return command;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;
using Backup.Contracts;
using Backup.Engine.Recovery;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread get</c>: the state of one thread at a point.</summary>
internal static class ThreadGetCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = ThreadCommand.Source();
        var thread = ThreadCommand.Thread();
        var at = PointOptions.At("The newest backup at or before this point: a time, a position in the log, or a checkpoint of the thread; without it the latest backup");
        var ns = new Option<string?>("--namespace") { Description = "Namespace of the checkpoint; the root graph without it", HelpName = "NS" };
        var checkpoint = new Option<string?>("--checkpoint") { Description = "This checkpoint as it is stored, instead of the newest", HelpName = "ID" };
        var archive = CommonOptions.Archive();
        var command = new Command("get", "Show the state of one thread at a point") { source, thread, at, ns, checkpoint, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var request = new ThreadStateRequest
            {
                Archive = session.Archive(parse.GetValue(archive)), Source = parse.GetRequiredValue(source), Thread = parse.GetRequiredValue(thread),
                At = PointOptions.Text(parse.GetValue(at)), Namespace = parse.GetValue(ns) ?? "", Checkpoint = parse.GetValue(checkpoint),
            };
            ThreadRules.Check(request);
            var state = await (await session.RunnerAsync(cancellation)).ThreadStateAsync(request, cancellation);
            session.Results.WriteVerbatim(new JsonObject { ["archive"] = request.Archive, ["source"] = request.Source }, state, writer => ThreadStateText.Write(writer, state));
            return 0;
        }));
        return command;
    }
}

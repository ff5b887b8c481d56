using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread diff</c>: what changed in one thread between two points.</summary>
internal static class ThreadDiffCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = ThreadCommand.Source();
        var thread = ThreadCommand.Thread();
        var from = new Option<string>("--from") { Description = "The earlier point: a time, a position in the log, or a checkpoint of the thread", HelpName = "POINT", Required = true };
        var to = new Option<string?>("--to") { Description = "The later point; without it the latest backup", HelpName = "POINT" };
        var archive = CommonOptions.Archive();
        var command = new Command("diff", "Show what changed in one thread between two points") { source, thread, from, to, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var request = new ThreadDifferenceRequest
            {
                Archive = session.Archive(parse.GetValue(archive)), Source = parse.GetRequiredValue(source), Thread = parse.GetRequiredValue(thread),
                From = PointOptions.Text(parse.GetRequiredValue(from))!, To = PointOptions.Text(parse.GetValue(to)),
            };
            var difference = await (await session.RunnerAsync(cancellation)).ThreadDifferenceAsync(request, cancellation);
            session.Results.WriteVerbatim(new JsonObject { ["archive"] = request.Archive, ["source"] = request.Source }, difference, writer => ThreadDifferenceText.Write(writer, difference));
            return 0;
        }));
        return command;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup run list</c></summary>
internal static class RunListCommand
{
    public static Command Build(Invoker invoker)
    {
        var command = new Command("list", "List the runs that are known");
        command.SetAction(invoker.Run(async (session, _, cancellation) =>
        {
            var runs = await (await session.RunnerAsync(cancellation)).ListRunsAsync(cancellation);
            session.Results.Write(() => new JsonObject { ["runs"] = JsonOutput.ArrayOf(runs) }, writer => RunText.List(writer, runs));
            return 0;
        }));
        return command;
    }
}

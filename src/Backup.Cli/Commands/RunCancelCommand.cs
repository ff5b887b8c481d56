using System.CommandLine;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup run cancel RUN</c></summary>
internal static class RunCancelCommand
{
    public static Command Build(Invoker invoker)
    {
        var id = RunCommand.Id();
        var command = new Command("cancel", "Ask a run to stop") { id };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var run = await (await session.RunnerAsync(cancellation)).CancelRunAsync(parse.GetRequiredValue(id), cancellation);
            session.Results.Write(run, writer => RunText.Show(writer, run));
            return 0;
        }));
        return command;
    }
}

using System.CommandLine;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup run show RUN</c></summary>
internal static class RunShowCommand
{
    public static Command Build(Invoker invoker)
    {
        var id = RunCommand.Id();
        var command = new Command("show", "Show one run") { id };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var run = await (await session.RunnerAsync(cancellation)).ShowRunAsync(parse.GetRequiredValue(id), cancellation);
            session.Results.Write(run, writer => RunText.Show(writer, run));
            return 0;
        }));
        return command;
    }
}

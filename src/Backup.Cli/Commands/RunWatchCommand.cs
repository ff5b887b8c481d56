using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup run watch RUN</c>: shows a run until it ends; exits with what the run ended with.</summary>
internal static class RunWatchCommand
{
    public static Command Build(Invoker invoker)
    {
        var id = RunCommand.Id();
        var command = new Command("watch", "Follow a run until it ends") { id };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var runner = await session.RunnerAsync(cancellation);
            var written = parse.GetRequiredValue(id);
            var last = await session.Results.WithProgressAsync("run", async progress =>
            {
                RunStatus? seen = null;
                await foreach (var status in runner.WatchRunAsync(written, cancellation).WithCancellation(cancellation))
                {
                    seen = status;
                    progress.Report(status);
                }
                return seen ?? await runner.ShowRunAsync(written, cancellation);
            });
            session.Results.Write(last, writer => RunText.Show(writer, last));
            return last.State switch
            {
                RunState.Done => 0,
                RunState.Cancelled => (int)ErrorKind.Interrupted,
                _ => (int)(last.ErrorKind ?? ErrorKind.Failed),
            };
        }));
        return command;
    }
}

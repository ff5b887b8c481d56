using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup create SOURCE</c>: takes a backup.</summary>
internal static class CreateCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = new Argument<string>("source") { HelpName = "SOURCE", Description = "configured name of the source" };
        var archive = CommonOptions.Archive();
        var strategy = new Option<string?>("--strategy") { Description = "What to capture: full", HelpName = "STRATEGY" };
        var detach = CommonOptions.Flag("--detach", "Return when the cluster has taken the run on; 'backup run watch' follows it");
        var command = new Command("create", "Take a backup of a source") { source, archive, strategy, detach };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var request = new BackupRequest
            {
                Source = parse.GetRequiredValue(source),
                Archive = session.Archive(parse.GetValue(archive)),
                Strategy = StrategyOf(parse.GetValue(strategy)),
            };
            var detached = parse.GetValue(detach);
            if (detached && session.IsLocal)
                throw WrongUse.Error("--detach needs a cluster: without one the backup runs in this process", "Leave --detach out, or configure Backup:Cluster.");
            session.RequireSource(request.Source);

            var runner = await session.RunnerAsync(cancellation);
            var run = await session.Results.WithProgressAsync($"backup of {request.Source}", progress => runner.CreateAsync(request, detached, progress, cancellation));
            if (run.Backup is { } backup) session.Results.Write(backup, writer => BackupText.Done(writer, backup));
            else session.Results.Write(run, writer => RunText.Admitted(writer, run));
            return 0;
        }));
        return command;
    }

    private static BackupStrategyKind StrategyOf(string? written) => written switch
    {
        null or "full" => BackupStrategyKind.Full,
        "incremental" => BackupStrategyKind.Incremental,
        "differential" => BackupStrategyKind.Differential,
        _ => throw WrongUse.Error($"there is no strategy '{written}'", "There are full (also without --strategy), incremental and differential."),
    };
}

using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup create SOURCE…</c>: takes a backup of a source, or of several together.</summary>
internal static class CreateCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = new Argument<string[]>("source") { HelpName = "SOURCE", Description = "configured name of the source; several are backed up together", Arity = ArgumentArity.OneOrMore };
        var archive = CommonOptions.Archive();
        var strategy = new Option<string?>("--strategy") { Description = "What to capture: full", HelpName = "STRATEGY" };
        var detach = CommonOptions.Flag("--detach", "Return when the cluster has taken the run on; 'backup run watch' follows it");
        var command = new Command("create", "Take a backup of a source") { source, archive, strategy, detach };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var (to, kind) = (session.Archive(parse.GetValue(archive)), StrategyOf(parse.GetValue(strategy)));
            var requests = parse.GetRequiredValue(source).Select(name => new BackupRequest { Source = name, Archive = to, Strategy = kind }).ToList();
            if (requests.DistinctBy(r => r.Source).Count() != requests.Count) throw WrongUse.Error("a source is named twice", "Name each source once.");
            var detached = parse.GetValue(detach);
            if (detached && session.IsLocal)
                throw WrongUse.Error("--detach needs a cluster: without one the backup runs in this process", "Leave --detach out, or configure Backup:Cluster.");
            if (detached && requests.Count > 1)
                throw WrongUse.Error("--detach is for one source: several are recorded as one when all of them are done", "Leave --detach out, or start them one by one.");
            foreach (var one in requests) session.RequireSource(one.Source);

            var runner = await session.RunnerAsync(cancellation);
            if (requests.Count > 1)
            {
                var vector = await session.Results.WithProgressAsync($"backup of {requests.Count} sources", progress => CreateVector.RunAsync(runner, requests, progress, session.Host.Time, cancellation));
                session.Results.Write(vector, writer => VectorText.Done(writer, vector));
                return 0;
            }
            var request = requests[0];
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

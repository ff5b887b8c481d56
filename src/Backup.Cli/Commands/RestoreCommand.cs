using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;
using Backup.Engine.Restore;

namespace Backup.Cli.Commands;

/// <summary><c>backup restore</c>: plans, asks where something would be replaced or removed, restores.</summary>
internal static class RestoreCommand
{
    public static Command Build(Invoker invoker)
    {
        var options = new RestoreOptions();
        var command = new Command("restore", "Restore a store, some threads, or one checkpoint");
        options.AddTo(command);
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var asked = await options.RequestAsync(session, parse, cancellation);
            var request = asked;
            session.RequireTarget(request.Target);
            var dryRun = options.DryRun(parse);
            var mustAsk = Changes(request) && !dryRun && !options.Yes(parse);
            if (mustAsk) Confirmation.RequireSomebody(session.Host, options.TakesStdin(parse));

            var runner = await session.RunnerAsync(cancellation);
            if (dryRun || mustAsk)
            {
                var plan = await runner.PlanAsync(request, cancellation);
                if (dryRun)
                {
                    session.Results.Write(plan, writer => RestoreText.Plan(writer, plan, request));
                    return 0;
                }
                // What was shown is what is restored, even when a newer backup appears meanwhile.
                request = request with { BackupId = plan.BackupId, Source = null, At = null, Checkpoint = RestoreRules.CheckpointOf(request) };
                if (Replaces(plan, request)) await ConfirmAsync(session.Host, plan, asked, cancellation);
            }
            var report = await session.Results.WithProgressAsync($"restore to {request.Target}", progress => runner.RestoreAsync(request, progress, cancellation));
            session.Results.Write(report, writer => RestoreText.Done(writer, report, asked));
            return report.Exact ? 0 : (int)ErrorKind.Differs;
        }));
        return command;
    }

    private static bool Changes(RestoreRequest request) => request.Mirror || request.Conflict == ConflictPolicy.Overwrite;

    private static bool Replaces(RestorePlan plan, RestoreRequest request) =>
        plan.ToRemove > 0 || (request.Conflict == ConflictPolicy.Overwrite && plan.Conflicts > 0);

    private static Task ConfirmAsync(ToolHost host, RestorePlan plan, RestoreRequest request, CancellationToken cancellation)
    {
        RestoreText.Plan(host.Error, plan, request);
        return Confirmation.AskAsync(host, $"Change {request.Target}?", cancellation);
    }
}

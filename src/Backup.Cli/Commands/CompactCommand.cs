using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup compact</c>: merges what was captured, so that restores read little.</summary>
internal static class CompactCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = new Option<string>("--source") { Description = "Whose backups are compacted", HelpName = "NAME", Required = true };
        var archive = CommonOptions.Archive();
        var dryRun = CommonOptions.Flag("--dry-run", "Say what would be done, and write nothing");
        var command = new Command("compact", "Merge increments, so that restores read little; nothing is taken away") { source, archive, dryRun };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var request = new CompactRequest { Source = parse.GetRequiredValue(source), Archive = session.Archive(parse.GetValue(archive)), DryRun = parse.GetValue(dryRun) };
            var runner = await session.RunnerAsync(cancellation);
            var report = await session.Results.WithProgressAsync($"compaction of {request.Source}", progress => runner.CompactAsync(request, progress, cancellation));
            session.Results.Write(report, writer => CompactText.Write(writer, report));
            return 0;
        }));
        return command;
    }
}

using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup archive collect NAME</c>: takes away what dead runs left.</summary>
internal static class ArchiveCollectCommand
{
    public static Command Build(Invoker invoker)
    {
        var name = ArchiveCommand.Name();
        var dryRun = CommonOptions.Flag("--dry-run", "Say what would be done, and change nothing");
        var olderThan = new Option<string?>("--older-than") { Description = "Age of each step: 36h, 7d; 24h when left out, 1h at least", HelpName = "AGE" };
        var command = new Command("collect", "Take away what runs left that never finished") { name, dryRun, olderThan };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var request = new CollectRequest { Archive = session.Archive(parse.GetRequiredValue(name)), DryRun = parse.GetValue(dryRun) };
            if (parse.GetValue(olderThan) is { } age) request = request with { OlderThan = Age.Parse("--older-than", age) };
            var report = await (await session.RunnerAsync(cancellation)).CollectAsync(request, cancellation);
            session.Results.Write(report, writer => InertText.Collected(writer, report));
            return 0;
        }));
        return command;
    }
}

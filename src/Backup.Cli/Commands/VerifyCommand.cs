using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup verify</c>: checks one backup or all, and compares with a store.</summary>
internal static class VerifyCommand
{
    public static Command Build(Invoker invoker)
    {
        var id = new Argument<string?>("backup") { HelpName = "BACKUP", Description = "id of a backup, or the unique beginning of it", Arity = ArgumentArity.ZeroOrOne };
        var all = CommonOptions.Flag("--all", "Check every backup and the archive itself");
        var deep = CommonOptions.Flag("--deep", "Read and check every byte; without it no data is read");
        var against = new Option<string?>("--against") { Description = "Compare the threads with this source or target", HelpName = "NAME" };
        var archive = CommonOptions.Archive();
        var command = new Command("verify", "Check backups") { id, all, deep, against, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var backup = parse.GetValue(id);
            if (backup is null != parse.GetValue(all))
                throw WrongUse.Error(backup is null ? "verify needs a backup" : "verify takes a backup or --all, not both", "Name a backup, or check everything with --all.");
            var store = parse.GetValue(against);
            if (store is not null && backup is null)
                throw WrongUse.Error("--against compares one backup with a store", "Name the backup instead of --all.");
            var name = session.Archive(parse.GetValue(archive));
            if (store is not null) session.RequireSource(store);

            var runner = await session.RunnerAsync(cancellation);
            var request = new VerifyRequest
            {
                Archive = name,
                BackupId = backup,
                Deep = parse.GetValue(deep),
                Against = store,
            };
            var report = await session.Results.WithProgressAsync("verify", progress => runner.VerifyAsync(request, progress, cancellation));
            session.Results.Write(report, writer => VerifyText.Write(writer, report, request));
            return (int)ExitCode(report);
        }));
        return command;
    }

    // Damage is told before a difference: what is damaged cannot be compared.
    private static ErrorKind ExitCode(VerifyReport report) =>
        report.Findings.Count > 0 ? ErrorKind.Damage
        : report.Differences.Count > 0 ? ErrorKind.Differs
        : report.Ok ? 0 : ErrorKind.Failed;
}

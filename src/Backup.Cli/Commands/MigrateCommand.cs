using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;
using Backup.Engine.Restore;
using Backup.Hosting.Configuration;
using Backup.Hosting.Stores;

namespace Backup.Cli.Commands;

/// <summary><c>backup migrate</c>: moves a store into another one, of whatever kind.</summary>
internal static class MigrateCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = new Option<string>("--from") { Description = "Source that is moved; it is only read", HelpName = "NAME", Required = true };
        var target = new Option<string>("--to") { Description = "Target: a configured source with \"Writable\": true", HelpName = "NAME", Required = true };
        var layout = CommonOptions.Layout();
        var cutover = CommonOptions.Flag("--cutover", "Then, while nobody writes to the source, make the target equal to it and compare them");
        var yes = CommonOptions.Flag("--yes", "With --cutover: the writers are stopped already, do not ask");
        var archive = CommonOptions.Archive();
        var command = new Command("migrate", "Move a store into another one while it is in use; may be stopped and run again") { source, target, layout, cutover, yes, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var (from, to, tables, cuts) = (parse.GetRequiredValue(source), parse.GetRequiredValue(target), parse.GetValue(layout), parse.GetValue(cutover));
            var mustAsk = cuts && !parse.GetValue(yes);
            if (!cuts && parse.GetValue(yes)) throw WrongUse.Error("--yes needs --cutover: there is nothing to ask otherwise", "Add --cutover, or leave --yes out.");
            var through = session.Archive(parse.GetValue(archive));
            session.RequireSource(from);
            session.RequireTarget(to);
            RefuseSame(session, from, to);
            await CheckLayoutAsync(session, to, tables, cancellation);
            if (mustAsk && !session.Host.InIsTerminal)
                throw WrongUse.Error("a cut-over asks whether the writers are stopped, and nobody can be asked", "Stop them and add --yes, or leave --cutover out to come near first.");

            var migration = new Migration(await session.RunnerAsync(cancellation), session.Host, session.Results, from, to, through, tables);
            await migration.ApproachAsync(cancellation);
            if (cuts) await migration.PrepareCutOverAsync(cancellation);
            if (mustAsk) await AskAsync(session.Host, migration.Report(), cancellation);
            var report = cuts ? await migration.CutOverAsync(cancellation) : migration.Report();
            session.Results.Write(report, writer => MigrateText.Write(writer, report));
            return cuts && !report.CutOver ? (int)ErrorKind.Differs : 0;
        }));
        return command;
    }

    private static void RefuseSame(Session session, string from, string to)
    {
        var (a, b) = (session.Options.Sources.GetValueOrDefault(from), session.Options.Sources.GetValueOrDefault(to));
        var same = from == to || (a is not null && b is not null && a.Kind != SourceOptions.Memory
            && (a.Kind, a.ConnectionString, a.Schema, a.Layout, a.Prefix, a.Bucket, a.Endpoint) == (b.Kind, b.ConnectionString, b.Schema, b.Layout, b.Prefix, b.Bucket, b.Endpoint));
        if (same) throw WrongUse.Error($"{from} and {to} are the same store", "Name another store with --to.");
    }

    // The first restore would say the same, behind a backup of the whole source.
    private static async Task CheckLayoutAsync(Session session, string to, string? layout, CancellationToken cancellation)
    {
        if (layout is null || session.Options.Sources.GetValueOrDefault(to) is not { Kind: not SourceOptions.Memory }) return;
        await using var target = await new CheckpointStores(session.Options, session.Host.Time).OpenTargetAsync(to, cancellation);
        RestoreRules.CheckLayout(layout, to, target);
    }

    private static Task AskAsync(ToolHost host, MigrateReport report, CancellationToken cancellation)
    {
        MigrateText.Write(host.Error, report);
        return Confirmation.AskAsync(host, $"Stop everything that writes to {report.From} now, and to {report.To} if anything does. Is it stopped?", cancellation,
            $"not confirmed; {report.To} holds {report.From} as it was, and the same command goes on from there");
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup list</c>: the backups of an archive.</summary>
internal static class ListCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = CommonOptions.Source("Only backups of this source");
        var archive = CommonOptions.Archive();
        var vectors = CommonOptions.Flag("--vectors", "List which backups of several sources were made together");
        var command = new Command("list", "List the backups of an archive") { source, archive, vectors };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            // A source need not be configured any more: the archive knows it.
            var name = session.Archive(parse.GetValue(archive));
            var runner = await session.RunnerAsync(cancellation);
            if (parse.GetValue(vectors))
            {
                var of = parse.GetValue(source);
                var found = (await runner.VectorsAsync(name, cancellation)).Where(v => of is null || v.Cuts.Any(c => c.Source == of)).ToList();
                session.Results.Write(() => new JsonObject { ["archive"] = name, ["vectors"] = JsonOutput.ArrayOf(found) }, writer => VectorText.List(writer, name, found));
                return 0;
            }
            var backups = await runner.ListAsync(name, parse.GetValue(source), cancellation);
            session.Results.Write(
                () => new JsonObject { ["archive"] = name, ["backups"] = JsonOutput.ArrayOf(backups) },
                writer => BackupText.List(writer, name, backups));
            return 0;
        }));
        return command;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread backup</c>: has one thread backed up as it is now.</summary>
internal static class ThreadBackupCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = new Option<string>("--source") { Description = "Configured name of the source", HelpName = "NAME", Required = true };
        var thread = ThreadCommand.Thread();
        var archive = CommonOptions.Archive();
        var command = new Command("backup", "Have one thread backed up as it is now, together with what others ask for") { source, thread, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var name = session.Archive(parse.GetValue(archive));
            var (from, id) = (parse.GetRequiredValue(source), parse.GetRequiredValue(thread));
            session.RequireSource(from);
            var runner = await session.RunnerAsync(cancellation);
            var captured = await session.Results.WithProgressAsync($"backup of thread {Plain.Text(id)}", progress => runner.BackUpThreadAsync(name, from, id, progress, cancellation));
            if (captured.Exists == false)
                throw new BackupException(ErrorKind.NotFound, $"'{from}' has no thread '{id}': it was not there at {RecoveryPoint.At(captured.Time)}", "Check the id. Everything else the source holds was captured.");
            session.Results.Write(() =>
            {
                var body = JsonOutput.ObjectOf(captured);
                foreach (var (member, value) in new[] { ("threadId", id), ("source", from), ("archive", name) }) body.Insert(0, member, value);
                return body;
            }, writer => ThreadText.Captured(writer, id, captured));
            return 0;
        }));
        return command;
    }
}

using System.CommandLine;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup log status</c>: how a source's change log stands, and what can be recovered from it.</summary>
internal static class LogStatusCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = new Option<string>("--source") { Description = "Source whose log is meant; it need not be configured any more", HelpName = "NAME", Required = true };
        var archive = new Option<string?>("--archive") { Description = "Archive; the one the log goes to when it is left out", HelpName = "NAME" };
        var command = new Command("status", "Show how the change log of a source stands") { source, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var named = parse.GetValue(archive) is { } given ? session.Archive(given) : null;
            var status = await (await session.RunnerAsync(cancellation)).LogStatusAsync(named, parse.GetRequiredValue(source), cancellation);
            session.Results.Write(status, writer => LogText.Show(writer, status));
            return 0;
        }));
        return command;
    }
}

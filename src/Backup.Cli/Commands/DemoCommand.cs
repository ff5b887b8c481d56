using System.CommandLine;
using Backup.Cli.Demo;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup demo</c>: backup, loss and restore in this process, without any server or configuration.</summary>
internal static class DemoCommand
{
    public static Command Build(Invoker invoker)
    {
        var keep = new Option<string?>("--keep") { Description = "Leave the archive and its key in this new folder", HelpName = "FOLDER" };
        var command = new Command("demo", "Lose a store and get it back, in this process, without any server") { keep };
        command.SetAction(async (parse, cancellation) =>
        {
            var results = invoker.Results(parse);
            var summary = await invoker.Host.RunDemo(parse.GetValue(keep), new DemoSteps(invoker.Host, results.IsJson), cancellation);
            results.Write(summary, writer => DemoText.Write(writer, summary, invoker.Host.OutIsTerminal));
            return summary.Exact && summary.Findings == 0 ? 0 : (int)ErrorKind.Differs;
        });
        return command;
    }
}

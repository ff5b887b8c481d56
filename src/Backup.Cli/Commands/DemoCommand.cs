using System.CommandLine;
using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary><c>backup demo</c>: backup, loss and restore in this process, without any server or configuration.</summary>
internal static class DemoCommand
{
    public static Command Build(Invoker invoker, Func<IProgress<string>, CancellationToken, Task<DemoSummary>> run)
    {
        var command = new Command("demo", "Lose a store and get it back, in this process, without any server");
        command.SetAction(async (parse, cancellation) =>
        {
            var summary = await run(new DemoSteps(invoker.Host.Error), cancellation);
            invoker.Results(parse).Write(summary, writer => DemoText.Write(writer, summary, invoker.Host.OutIsTerminal));
            return summary.Exact ? 0 : (int)ErrorKind.Differs;
        });
        return command;
    }

    private sealed class DemoSteps(TextWriter writer) : IProgress<string>
    {
        public void Report(string value) => writer.WriteLine($"… {value}");
    }
}

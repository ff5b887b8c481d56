using System.CommandLine;
using Backup.Cli.Output;

namespace Backup.Cli.Commands;

/// <summary><c>backup thread list</c>: the threads of a source's latest backup, however many.</summary>
internal static class ThreadListCommand
{
    public static Command Build(Invoker invoker)
    {
        var source = ThreadCommand.Source();
        var archive = CommonOptions.Archive();
        var command = new Command("list", "List the threads of a source's latest backup") { source, archive };
        command.SetAction(invoker.Run(async (session, parse, cancellation) =>
        {
            var name = session.Archive(parse.GetValue(archive));
            var from = parse.GetRequiredValue(source);
            var threads = (await session.RunnerAsync(cancellation)).ListThreadsAsync(name, from, cancellation);
            if (session.Results.IsJson)
            {
                using var json = new SpooledJson("threads", ("archive", name), ("source", from));
                await foreach (var thread in threads.WithCancellation(cancellation)) json.Add(thread);
                await json.CopyToAsync(session.Host.Out, cancellation);
            }
            else
            {
                var text = new ThreadLines(session.Host.Out);
                await foreach (var thread in threads.WithCancellation(cancellation)) text.Add(thread);
                text.Total();
            }
            return 0;
        }));
        return command;
    }
}

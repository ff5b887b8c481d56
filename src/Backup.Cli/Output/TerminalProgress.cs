using Backup.Contracts;
using Spectre.Console;

namespace Backup.Cli.Output;

/// <summary>Progress as a bar on the terminal behind stderr.</summary>
internal sealed class TerminalProgress(ProgressTask task, string title) : IProgress<RunStatus>
{
    public static Task<T> RunAsync<T>(ToolHost host, string title, Func<IProgress<RunStatus>, Task<T>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Error) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask(Markup.Escape(title), maxValue: 1);
                task.IsIndeterminate = true;
                return work(new TerminalProgress(task, title));
            });
    }

    public void Report(RunStatus value)
    {
        task.Description = Markup.Escape($"{title}: {Plain.Text(StatusLine.Of(value))}");
        if (StatusLine.Fraction(value) is not { } fraction) return;
        task.IsIndeterminate = false;
        task.Value = fraction;
    }
}

using Backup.Cli.Output;
using Backup.Contracts;

namespace Backup.Cli.Demo;

/// <summary>Tells each step of the demonstration as it begins: as a bar on a terminal, else as a line.</summary>
internal sealed class DemoSteps(ToolHost host, bool json)
{
    /// <summary>Does a step and says how long it took.</summary>
    public async Task<(T Result, double Seconds)> RunAsync<T>(string title, Func<IProgress<RunStatus>, Task<T>> work)
    {
        var started = host.Time.GetTimestamp();
        T result;
        if (host.ErrorIsTerminal && !json)
        {
            result = await TerminalProgress.RunAsync(host, title, work);
        }
        else
        {
            host.Error.WriteLine($"… {title}");
            result = await work(new Quiet());
        }
        return (result, host.Time.GetElapsedTime(started).TotalSeconds);
    }

    private sealed class Quiet : IProgress<RunStatus>
    {
        public void Report(RunStatus value)
        {
        }
    }
}

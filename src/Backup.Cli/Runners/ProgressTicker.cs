using Backup.Contracts;
using Backup.Engine.Progress;

namespace Backup.Cli.Runners;

/// <summary>The engine reports changes of state; its counters are looked at twice a second between them.</summary>
internal sealed class ProgressTicker : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private readonly ITimer timer;

    public ProgressTicker(RunStatus first, IProgress<RunStatus> watcher, TimeProvider time)
    {
        Progress = new(first, time, watcher.Report);
        timer = time.CreateTimer(_ => watcher.Report(Progress.Snapshot()), null, Period, Period);
    }

    public RunProgress Progress { get; }

    public ValueTask DisposeAsync() => timer.DisposeAsync();
}

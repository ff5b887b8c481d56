using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>
/// One run of this process while it runs: keeps its status file fresh (at once when the state changes, else each second)
/// and hears the request to stop.
/// </summary>
internal sealed class LocalRun : IProgress<RunStatus>, IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private readonly LocalRunFiles files;
    private readonly IProgress<RunStatus> watcher;
    private readonly CancellationTokenSource stop;
    private readonly IDisposable alive;
    private readonly ITimer timer;
    private RunStatus latest;
    private bool dirty;
    private bool closed;

    public LocalRun(LocalRunFiles files, RunStatus first, IProgress<RunStatus> watcher, TimeProvider time, CancellationToken cancellation)
    {
        (this.files, this.watcher, latest) = (files, watcher, first);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        alive = files.HoldAlive();
        Save();
        timer = time.CreateTimer(_ => OnTick(), null, Tick, Tick);
    }

    /// <summary>Cancelled when the caller or somebody outside asks the run to stop.</summary>
    public CancellationToken Cancellation => stop.Token;

    /// <summary>True when somebody outside asked.</summary>
    public bool StopRequested { get; private set; }

    public RunStatus Latest
    {
        get
        {
            lock (gate) return latest;
        }
    }

    public void Report(RunStatus value)
    {
        lock (gate)
        {
            if (closed) return;
            var changed = value.State != latest.State;
            (latest, dirty) = (value, true);
            if (changed) Save();
        }
        watcher.Report(value);
    }

    /// <summary>Writes the last status; later reports are ignored.</summary>
    public void Finish(RunStatus last)
    {
        lock (gate)
        {
            (latest, closed) = (last, true);
            Save();
        }
        watcher.Report(last);
    }

    public async ValueTask DisposeAsync()
    {
        await timer.DisposeAsync();
        alive.Dispose();
        files.CleanUp();
        stop.Dispose();
    }

    private void OnTick()
    {
        lock (gate)
        {
            if (closed) return;
            if (dirty) Save();
            if (!StopRequested && files.CancelRequested)
            {
                StopRequested = true;
                latest = latest with { State = RunState.Cancelling };
                Save();
            }
        }
        if (StopRequested) stop.Cancel();
    }

    // The record of a run is for those who look on: when it cannot be written the run goes on.
    private void Save()
    {
        try
        {
            files.Write(latest);
            dirty = false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            dirty = true;
        }
    }
}

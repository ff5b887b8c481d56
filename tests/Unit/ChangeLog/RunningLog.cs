using Backup.Archive;
using Backup.Engine.ChangeLog;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Unit.ChangeLog;

/// <summary>A log that is kept, and can be told to begin anew with another owner.</summary>
internal sealed class RunningLog : IAsyncDisposable
{
    private readonly OpenedArchive archive;
    private readonly Journal journal;
    private readonly string source;
    private readonly TimeSpan idleTick;
    private readonly TimeProvider time;
    private readonly int levelOf;
    private CancellationTokenSource stop = new();
    private LogProgress progress = new();
    private Task run;

    public RunningLog(OpenedArchive archive, Journal journal, string source = "prod", TimeSpan idleTick = default, TimeProvider? time = null, int levelOf = 3)
    {
        this.source = source;
        this.idleTick = idleTick;
        this.levelOf = levelOf;
        this.archive = archive;
        this.journal = journal;
        this.time = time ?? TimeProvider.System;
        run = StartAsync();
    }

    /// <summary>How many gaps were declared.</summary>
    public int Gaps => progress.Gaps;

    /// <summary>Waits until everything that was committed is in closed ticks.</summary>
    public async Task CatchUpAsync()
    {
        while (progress.LastClosed is not { } last || last.Marker.To < journal.Position)
        {
            if (run.IsCompleted) await run;
            journal.Tell();
            await Task.Yield();
        }
    }

    public async Task RestartAsync()
    {
        await EndAsync();
        (stop, progress) = (new(), new());
        run = StartAsync();
    }

    public async ValueTask DisposeAsync() => await EndAsync();

    private Task StartAsync()
    {
        var (token, watched) = (stop.Token, progress);
        return Task.Run(() => new LogRun(archive, journal, new() { Source = source, Tick = TimeSpan.Zero, IdleTick = idleTick, LevelOf = levelOf }, "test", time).RunAsync(watched, token));
    }

    private async Task EndAsync()
    {
        await stop.CancelAsync();
        try { await run; }
        catch (OperationCanceledException) { /* it was stopped */ }
        stop.Dispose();
    }
}

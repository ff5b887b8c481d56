using Backup.Archive.Logs;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>Has levels made beside a log that goes on: one at a time, and never waited for. What fails is tried again behind a later tick.</summary>
internal sealed class LevelKeeping(LogLevels? levels, IReadOnlyList<Tick> known, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly List<Tick> ticks = [.. known];
    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    private Task<Tick?>? merging;
    private (int Start, int Count) run;

    /// <summary>Takes a tick that was closed.</summary>
    public async Task AddAsync(Tick tick)
    {
        if (levels is null) return;
        ticks.Add(tick);
        if (merging is { IsCompleted: false }) return;
        if (merging is not null && await merging is { } level)
        {
            ticks.RemoveRange(run.Start, run.Count);
            ticks.Insert(run.Start, level);
        }
        merging = null;
        if (levels.Due(ticks) is not { } start) return;
        run = (start, levels.Of);
        var merged = ticks.GetRange(run.Start, run.Count);
        merging = Task.Run(() => MergeAsync(levels, merged));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (merging is not null) await merging;
        stop.Dispose();
    }

    private async Task<Tick?> MergeAsync(LogLevels making, IReadOnlyList<Tick> merged)
    {
        try
        {
            return (await making.MergeAsync(merged, stop.Token)).Level;
        }
        catch (Exception error) when (error is BackupException or OperationCanceledException)
        {
            // The ticks are there. What is wrong with them a check tells, and the log tells when the storage cannot be reached.
            return null;
        }
    }
}

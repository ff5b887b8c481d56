using Backup.Contracts;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.ChangeLog;

/// <summary>Makes incremental backups at short intervals in place of a log that the source does not allow.</summary>
internal sealed class LogPolling(FollowedSource followed, LogBackups backups, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private readonly Pause pause = new(LongestPause);
    private volatile Poll? last;

    /// <summary>What the newest of these backups is true for, by the source's clock; null before the first.</summary>
    public DateTimeOffset? Last => last?.CutTime;

    /// <summary>Polls while the log is refused, until it is cancelled.</summary>
    public async Task RunAsync(Func<bool> refused, CancellationToken cancellation)
    {
        for (; ; await Task.Delay(Look, time, cancellation))
        {
            if (!refused())
            {
                last = null;
                continue;
            }
            var wait = followed.Options.Poll;
            try
            {
                var began = time.GetTimestamp();
                var backup = await backups.TakeAsync(run => ChangeLogLog.Polls(logger, followed.Options.Source, run), cancellation);
                last = new(backup.CutTime);
                pause.Reset();
                wait -= time.GetElapsedTime(began);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                wait = pause.Next();
                ChangeLogLog.NotPolled(logger, followed.Options.Source, error.Message, wait.TotalSeconds);
            }
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellation);
        }
    }

    private sealed record Poll(DateTimeOffset CutTime);
}

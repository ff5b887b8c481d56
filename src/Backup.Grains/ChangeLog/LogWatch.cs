using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.ChangeLog;

/// <summary>Watches a log that is kept: whether it advances, what is in its way, and what it declares.</summary>
internal sealed class LogWatch(FollowedSource followed, LogProgress progress, LogInstruments instruments, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly TimeSpan patience = Longer((followed.Options.Tick * 3) + followed.Options.IdleTick, TimeSpan.FromSeconds(60));
    private long advanced = time.GetTimestamp();
    private volatile Obstacle? met;

    private string Source => followed.Options.Source;

    /// <summary>Notes what stopped the log. It is in the way until a tick closes.</summary>
    public Obstacle Met(Exception error) => met = error is BackupException known
        ? new(known.Message, known.Hint, known.Kind is ErrorKind.Usage or ErrorKind.WrongKey, Closed)
        : new($"unexpected error, {error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}", "This is a defect. The silo's log has more of it.", false, Closed);

    /// <summary>How the log stands.</summary>
    /// <param name="owner">The silo that keeps it.</param>
    /// <param name="polled">What the newest backup is true for that was made in the log's place.</param>
    public LogStatus Status(string owner, DateTimeOffset? polled)
    {
        var (state, obstacle) = Stand();
        var closed = progress.LastClosed?.Marker;
        return new()
        {
            Source = Source, Archive = followed.Archive, State = state == LogState.Refused && polled is not null ? LogState.Polling : state, LastPolled = polled,
            LagSeconds = LogQueries.Lag(polled ?? closed?.SourceTime, time), LagBytes = progress.RetainedBytes,
            LastClosed = closed is null ? null : new(LogPosition.ToText(closed.To), closed.SourceTime),
            Owner = owner, Epoch = progress.Epoch, Trouble = obstacle?.Why, Hint = obstacle?.Hint, LastGap = progress.Gap,
        };
    }

    /// <summary>True while somebody has to change a setting before the log can be kept.</summary>
    public bool IsRefused => Stand().State == LogState.Refused;

    /// <summary>Measures, and logs what somebody should know, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var (closed, gaps, told) = (Closed, 0, LogState.Starting);
        for (; ; await Task.Delay(Look, time, cancellation))
        {
            if (Closed != closed) Volatile.Write(ref advanced, time.GetTimestamp());
            closed = Closed;
            if (progress.Gaps is var declared && declared > gaps)
            {
                ChangeLogLog.Gap(logger, Source, progress.Gap ?? "");
                instruments.Gaps(Source, declared - gaps);
                gaps = declared;
            }
            instruments.Stands(Source, progress, time);
            var (state, obstacle) = Stand();
            if (state != told) Tell(told, state, obstacle);
            told = state;
        }
    }

    private long? Closed => progress.LastClosed?.Marker.Sequence;

    private void Tell(LogState before, LogState state, Obstacle? obstacle)
    {
        if (state == LogState.Refused) ChangeLogLog.Refused(logger, Source, obstacle?.Why ?? "", obstacle?.Hint ?? "");
        if (state == LogState.Stalled)
        {
            ChangeLogLog.Stalled(logger, Source, obstacle?.Why ?? $"no tick was closed for {patience.TotalSeconds} s");
            instruments.Stalled(Source);
        }
        if (state == LogState.Running && before != LogState.Starting) ChangeLogLog.Advances(logger, Source);
    }

    private (LogState State, Obstacle? Obstacle) Stand()
    {
        var closed = progress.LastClosed?.Marker;
        var obstacle = met is { } seen && seen.Closed == closed?.Sequence ? seen : progress.Trouble is { } trouble ? new(trouble, null, false, closed?.Sequence) : null;
        var state = obstacle is { IsRefusal: true } ? LogState.Refused
            : obstacle is not null || time.GetElapsedTime(Volatile.Read(ref advanced)) > patience ? LogState.Stalled
            : progress.Epoch > 0 && closed?.Epoch == progress.Epoch ? LogState.Running : LogState.Starting;
        return (state, obstacle);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}

/// <summary>What stands in a log's way.</summary>
/// <param name="Why">What is wrong.</param>
/// <param name="Hint">What to do, or null.</param>
/// <param name="IsRefusal">True when somebody has to change a setting.</param>
/// <param name="Closed">The last tick that was closed then.</param>
internal sealed record Obstacle(string Why, string? Hint, bool IsRefusal, long? Closed);

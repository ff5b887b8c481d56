using Backup.Archive;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Stores;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.ChangeLog;

/// <summary>
/// Keeps one source's log on tasks of its own, as one owner: after a failure it goes on as soon as it can, and it says how it stands. It
/// ends when it is stopped or another owner has come.
/// </summary>
internal sealed class LogKeeping
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    // What is refused is looked at again, since the server may be set up meanwhile.
    private static readonly TimeSpan RefusedPause = TimeSpan.FromMinutes(1);
    private readonly CancellationTokenSource stopping = new();
    private readonly LogProgress progress = new();
    private readonly Pause pause = new(LongestPause);
    private readonly FollowedSource followed;
    private readonly string owner;
    private readonly LogBases bases;
    private readonly LogPolling polling;
    private readonly LogWatch watch;
    private readonly IArchives archives;
    private readonly ICheckpointStores stores;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Task work;

    public LogKeeping(FollowedSource followed, string owner, IArchives archives, ICheckpointStores stores, IGrainFactory grains, LogInstruments instruments, TimeProvider time, ILogger logger)
    {
        (this.followed, this.owner, this.archives, this.stores, this.time, this.logger) = (followed, owner, archives, stores, time, logger);
        var backups = new LogBackups(followed, grains, time);
        bases = new(followed, archives, backups, progress, time, logger);
        polling = new(followed, backups, time, logger);
        watch = new(followed, progress, instruments, time, logger);
        instruments.Began(followed.Options.Source);
        ChangeLogLog.Began(logger, followed.Options.Source, followed.Archive);
        work = Task.Run(WorkAsync);
    }

    /// <summary>True once it has ended.</summary>
    public bool Ended => work.IsCompleted;

    /// <summary>How it stands.</summary>
    public LogStatus Status => watch.Status(owner, polling.Last) with { NeedsBase = bases.Needed };

    /// <summary>Has a position covered soon, though the source may be idle.</summary>
    public void Want(ulong position) => progress.Wanted = Math.Max(progress.Wanted, position);

    /// <summary>Stops, and waits until nothing is done any more.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await work;
    }

    private async Task WorkAsync()
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        var aside = Task.WhenAll(watch.RunAsync(ended.Token), bases.RunAsync(ended.Token), polling.RunAsync(() => watch.IsRefused, ended.Token));
        await KeepAsync(stopping.Token);
        await ended.CancelAsync();
        await aside.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // the log has ended, and what was done beside it
    }

    private async Task KeepAsync(CancellationToken cancellation)
    {
        await using var kept = new Opened();
        while (!cancellation.IsCancellationRequested)
        {
            var closed = progress.LastClosed?.Marker.Sequence;
            try
            {
                await (kept.Run ??= await OpenAsync(kept, cancellation)).RunAsync(progress, cancellation);
            }
            catch (Exception) when (cancellation.IsCancellationRequested)
            {
                // Another owner goes on from the last tick that was closed.
            }
            catch (OwnershipLostException error)
            {
                ChangeLogLog.Left(logger, followed.Options.Source, error.Message);
                return;
            }
            catch (Exception error)
            {
                if (progress.LastClosed?.Marker.Sequence != closed) pause.Reset();
                await AfterAsync(error, cancellation);
            }
        }
    }

    // The same run all along: it knows what it has claimed, and what it has to say of the feed.
    private async Task<LogRun> OpenAsync(Opened kept, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(followed.Archive, cancellation);
        kept.Source ??= await stores.OpenSourceAsync(followed.Options.Source, cancellation);
        return new(archive, kept.Source as IChangeLogSource ?? throw NotFollowed(followed.Options.Source, kept.Source.Kind), followed.Options, owner, time);
    }

    private async Task AfterAsync(Exception error, CancellationToken cancellation)
    {
        var obstacle = watch.Met(error);
        var wait = obstacle.IsRefusal ? RefusedPause : pause.Next();
        if (!obstacle.IsRefusal) ChangeLogLog.Interrupted(logger, error is BackupException ? null : error, followed.Options.Source, obstacle.Why, wait.TotalSeconds);
        await Task.Delay(wait, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static BackupException NotFollowed(string source, string kind) =>
        new(ErrorKind.Usage, $"a store of kind {kind} keeps no log to follow: '{source}' is backed up at short intervals in its place", $"Nothing is to be done; Backup:Sources:{source}:Log:PollSeconds says how short they are.");

    private sealed class Opened : IAsyncDisposable
    {
        public ICheckpointSource? Source { get; set; }

        public LogRun? Run { get; set; }

        public ValueTask DisposeAsync() => Source?.DisposeAsync() ?? default;
    }
}

using Backup.Abstractions;
using Backup.Contracts;

namespace Backup.Grains.ChangeLog;

/// <summary>Incremental backups that a log asks for by itself.</summary>
internal sealed class LogBackups(FollowedSource followed, IGrainFactory grains, TimeProvider time)
{
    /// <summary>Makes one, and waits for its end.</summary>
    /// <param name="begun">Hears of the run's id.</param>
    /// <param name="cancellation">Stops waiting; the run goes on.</param>
    /// <exception cref="BackupException">The run did not make one.</exception>
    public async Task<BackupSummary> TakeAsync(Action<string> begun, CancellationToken cancellation)
    {
        var request = new BackupRequest { Source = followed.Options.Source, Archive = followed.Archive, Strategy = BackupStrategyKind.Incremental };
        var run = await grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source(request.Source)).StartAsync(request).WaitAsync(cancellation);
        begun(run.RunId);
        await foreach (var status in grains.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(run.RunId))).WatchAsync(time, cancellation)) run = status;
        return run.Backup ?? throw new BackupException(ErrorKind.Failed, $"run {run.RunId} {run.State.ToString().ToLowerInvariant()}: {run.Error}");
    }
}

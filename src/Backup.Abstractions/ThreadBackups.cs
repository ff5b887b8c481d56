using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Abstractions;

/// <summary>Has a thread backed up and waits for it, through the loss of silos.</summary>
public static class ThreadBackups
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);

    /// <summary>Has the thread backed up as it is now: everything that was acknowledged before the call is captured when this returns.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="archive">Name of the archive; null for the one its change log goes to, or the only one.</param>
    /// <param name="time">Clock.</param>
    /// <param name="progress">Hears how it stands.</param>
    /// <param name="cancellation">Stops waiting; what was asked for goes on.</param>
    /// <returns>What can be relied on. <see cref="ThreadCapture.Exists"/> says whether the thread was there.</returns>
    /// <exception cref="BackupException">NotFound, Usage: the names. Unreachable: no silo has answered for five minutes. What the run failed with.</exception>
    public static async Task<ThreadCapture> BackUpNowAsync(
        this ICheckpointThreadGrain thread, string? archive, TimeProvider time, IProgress<ThreadBackup>? progress = null, CancellationToken cancellation = default)
    {
        ThreadBackup? asked = null;
        var answered = time.GetTimestamp();
        while (true)
        {
            try
            {
                asked = await (asked is null ? thread.BackupNowAsync(archive) : thread.AwaitBackupAsync(asked)).WaitAsync(cancellation);
                if (asked.Captured is { } captured) return captured;
                answered = time.GetTimestamp();
                progress?.Report(asked);
                continue;
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or IOException)
            {
                // Asking again is safe: what is captured later holds what was there before.
                if (time.GetElapsedTime(answered) >= GiveUpAfter)
                    throw new BackupException(ErrorKind.Unreachable, $"no silo answers for the backup of the thread: {error.Message}", "Ask again when silos are back.", error);
            }
            await Task.Delay(Pause, time, cancellation);
        }
    }
}

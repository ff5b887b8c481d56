using System.Runtime.CompilerServices;
using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Abstractions;

/// <summary>Watches a run to its end, through the loss of the silo that coordinates it.</summary>
public static class RunWatcher
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);

    /// <summary>Every status of the run from now on; ends with its last.</summary>
    /// <exception cref="BackupException">Unreachable: no silo has answered for five minutes. NotFound.</exception>
    public static async IAsyncEnumerable<RunStatus> WatchAsync(this IRunGrain run, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        long version = -1;
        var answered = time.GetTimestamp();
        while (true)
        {
            await using var updates = run.WatchAsync(version).GetAsyncEnumerator(cancellation);
            while (await NextAsync(updates, time, answered) is { } status)
            {
                answered = time.GetTimestamp();
                version = status.Version;
                yield return status;
                if (status.IsFinished) yield break;
            }
            // The silo that coordinates the run is gone or leaves: the next call brings the run back on another.
            await Task.Delay(Pause, time, cancellation);
        }
    }

    private static async Task<RunStatus?> NextAsync(IAsyncEnumerator<RunStatus> updates, TimeProvider time, long answered)
    {
        try
        {
            return await updates.MoveNextAsync() ? updates.Current : null;
        }
        catch (Exception error) when (error is OrleansException or TimeoutException or EnumerationAbortedException or IOException)
        {
            if (time.GetElapsedTime(answered) < GiveUpAfter) return null;
            throw new BackupException(ErrorKind.Unreachable, $"no silo answers for the run: {error.Message}", "The run goes on when silos are back. Look with 'backup run list'.", error);
        }
    }
}

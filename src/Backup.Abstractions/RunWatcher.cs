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
            var updates = run.WatchAsync(version).GetAsyncEnumerator(cancellation);
            var connected = true;
            while (connected)
            {
                RunStatus? status = null;
                try
                {
                    if (await updates.MoveNextAsync()) status = updates.Current;
                }
                catch (Exception error) when (error is OrleansException or TimeoutException or EnumerationAbortedException or IOException)
                {
                    if (time.GetElapsedTime(answered) > GiveUpAfter)
                        throw new BackupException(ErrorKind.Unreachable, $"no silo answers for the run: {error.Message}", "The run goes on when silos are back. Look with 'backup run list'.", error);
                }
                connected = status is not null;
                if (status is null) break;
                answered = time.GetTimestamp();
                version = status.Version;
                yield return status;
                if (status.IsFinished)
                {
                    await updates.DisposeAsync();
                    yield break;
                }
            }
            await Task.Delay(Pause, time, cancellation);
        }
    }
}

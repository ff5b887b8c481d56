using System.Runtime.CompilerServices;
using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Cli.Runners;

/// <summary>Turns what a call to a cluster fails with into errors a user can act on.</summary>
internal static class ClusterErrors
{
    /// <summary>Waits for a call; a user who does not want to wait any more is let go at once.</summary>
    public static async Task<T> GuardAsync<T>(Task<T> call, CancellationToken cancellation, string? hint = null)
    {
        try
        {
            return await call.WaitAsync(cancellation);
        }
        catch (Exception error) when (IsOfCluster(error))
        {
            throw Unreachable(error, hint);
        }
    }

    /// <summary>The items of a stream.</summary>
    public static async IAsyncEnumerable<T> GuardAsync<T>(IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var at = items.GetAsyncEnumerator(cancellation);
        var next = Task.FromResult(true);
        try
        {
            while (await GuardAsync(next = at.MoveNextAsync().AsTask(), cancellation)) yield return at.Current;
        }
        finally
        {
            // Who does not want to wait any more does not wait for a silo to say so either: the stream ends with this process.
            if (next.IsCompleted) await at.DisposeAsync();
        }
    }

    private static bool IsOfCluster(Exception error) => error is OrleansException or TimeoutException or EnumerationAbortedException;

    private static BackupException Unreachable(Exception error, string? hint) => new(ErrorKind.Unreachable,
        error is TimeoutException ? "the cluster did not answer in time" : $"the cluster did not answer: {error.Message.ReplaceLineEndings(" ")}",
        hint ?? "A silo may have just been lost. Run the same command again.", error);
}

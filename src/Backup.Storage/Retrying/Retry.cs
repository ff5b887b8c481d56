using Backup.Contracts;

namespace Backup.Storage.Retrying;

/// <summary>How often, and after which waits, something is tried that failed because the storage could not be reached.</summary>
internal sealed class Retry(TimeProvider time)
{
    /// <summary>Attempts in all, with waits of 0.5, 1, 2 and 4 seconds between them.</summary>
    public const int Attempts = 5;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.5);

    /// <summary>True when it is worth another attempt.</summary>
    public static bool Allows(BackupException error, int attempt) => error.Kind == ErrorKind.Unreachable && attempt < Attempts;

    /// <summary>Waits before the attempt that follows <paramref name="attempt"/>.</summary>
    public Task WaitAsync(int attempt, CancellationToken cancellation) => Task.Delay(First * (1 << (attempt - 1)), time, cancellation);

    /// <summary>Does what can be done again as it is.</summary>
    public async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work();
            }
            catch (BackupException error) when (Allows(error, attempt))
            {
                await WaitAsync(attempt, cancellation);
            }
        }
    }
}

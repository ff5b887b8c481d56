namespace Backup.Checkpoints.Stores;

/// <summary>Slows a reader down to so many bytes a second, whoever shares it together. Safe for concurrent use.</summary>
/// <param name="bytesPerSecond">The rate.</param>
/// <param name="time">The clock.</param>
public sealed class RateLimit(long bytesPerSecond, TimeProvider time)
{
    // Timers are not finer; and what was not used for this long may be used up at once.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(20);
    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();
    private readonly long start = time.GetTimestamp();
    private TimeSpan paidUntil;

    /// <summary>The rate.</summary>
    public long BytesPerSecond => bytesPerSecond;

    /// <summary>Returns when <paramref name="bytes"/> that were just read are paid for.</summary>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellation)
    {
        TimeSpan wait;
        lock (gate)
        {
            var now = time.GetElapsedTime(start);
            paidUntil = (paidUntil > now - Grain ? paidUntil : now - Grain) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            wait = paidUntil - now;
        }
        if (wait >= Grain) await Task.Delay(wait, time, cancellation);
    }

    /// <summary>Does something while nobody else who shares the limit does anything this way.</summary>
    public async Task<T> AloneAsync<T>(Func<Task<T>> act)
    {
        await turn.WaitAsync();
        try
        {
            return await act();
        }
        finally
        {
            turn.Release();
        }
    }
}

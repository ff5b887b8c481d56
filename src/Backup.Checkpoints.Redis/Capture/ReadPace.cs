using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Redis.Capture;

/// <summary>
/// How much a capture asks of the server at once. Redis does one thing at a time, and while it answers us every app waits: with a limit little is
/// asked for, and by one reader at a time.
/// </summary>
/// <param name="limit">The limit that all readers of the store in this process share; null for none.</param>
internal sealed class ReadPace(RateLimit? limit)
{
    private const int Unlimited = 512;
    private const int SmallAtOnce = 8;

    /// <summary>What is asked for at once, in bytes of records, unless one record is larger.</summary>
    public int Bytes => limit is null ? 1 << 20 : 1 << 15;

    /// <summary>Keys that one <c>SCAN</c> looks at.</summary>
    public int Scanned => limit is null ? 1000 : 100;

    /// <summary>Documents that one transaction reads.</summary>
    public int Together => limit is null ? 256 : 32;

    /// <summary>Asks something small about each of some things, and gives the answers in their order.</summary>
    public Task<List<TAnswer>> AskAsync<T, TAnswer>(IEnumerable<T> things, Func<T, Task<TAnswer>> ask) => InTurnsAsync(things, ask, SmallAtOnce);

    /// <summary>Reads each of some things, with a limit one by one, and gives them in their order.</summary>
    public Task<List<TAnswer>> ReadAsync<T, TAnswer>(IEnumerable<T> things, Func<T, Task<TAnswer>> read) => InTurnsAsync(things, read, 1);

    /// <summary>Returns when so many bytes may be read.</summary>
    public ValueTask PayAsync(long bytes, CancellationToken cancellation) => limit?.TakeAsync(bytes, cancellation) ?? default;

    private async Task<List<TAnswer>> InTurnsAsync<T, TAnswer>(IEnumerable<T> things, Func<T, Task<TAnswer>> ask, int atOnce)
    {
        var answers = new List<TAnswer>();
        foreach (var some in things.Chunk(limit is null ? Unlimited : atOnce))
            answers.AddRange(limit is null ? await Task.WhenAll(some.Select(ask)) : await limit.AloneAsync(() => Task.WhenAll(some.Select(ask))));
        return answers;
    }
}

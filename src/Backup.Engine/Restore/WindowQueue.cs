using Backup.Archive.Index;

namespace Backup.Engine.Restore;

/// <summary>Hands out the windows of a selection, numbered, to several workers.</summary>
internal sealed class WindowQueue(IAsyncEnumerable<IReadOnlyList<UnitEntry>> windows, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<IReadOnlyList<UnitEntry>> enumerator = windows.GetAsyncEnumerator(cancellation);
    private readonly SemaphoreSlim gate = new(1);
    private int number = -1;

    /// <summary>The next window, or null.</summary>
    public async Task<(int Number, IReadOnlyList<UnitEntry> Units)?> NextAsync()
    {
        await gate.WaitAsync(cancellation);
        try
        {
            return await enumerator.MoveNextAsync() ? (++number, enumerator.Current) : null;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Runs <paramref name="work"/> for every window on <paramref name="workers"/> workers; the first error stops them all.</summary>
    public static async Task RunAsync(IAsyncEnumerable<IReadOnlyList<UnitEntry>> windows, int workers, Func<WindowQueue, CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var queue = new WindowQueue(windows, stop.Token);
        var tasks = Enumerable.Range(0, workers).Select(_ => Task.Run(async () =>
        {
            try
            {
                await work(queue, stop.Token);
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }, cancellation)).ToList();
        try
        {
            await Task.WhenAll(tasks);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // One worker failed and the others were stopped: its error is the one to tell.
            throw tasks.Select(t => t.Exception?.InnerException).FirstOrDefault(e => e is not (null or OperationCanceledException)) ?? new OperationCanceledException();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await enumerator.DisposeAsync();
        gate.Dispose();
    }
}

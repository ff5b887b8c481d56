using System.Runtime.CompilerServices;
using Backup.Contracts;

namespace Backup.Storage.Retrying;

/// <summary>
/// Tries again, a few times, what failed because the storage could not be reached. An upload whose answer was lost is there already
/// when it is tried again: with exactly the same bytes it is done, with others it is a conflict.
/// </summary>
public sealed class RetryingStorage(IBackupStorage inner, TimeProvider time) : IBackupStorage
{
    private readonly Retry retry = new(time);

    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <inheritdoc/>
    public async ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) =>
        new RetryingObjectWriter(inner, retry, name, await retry.RunAsync(() => inner.CreateAsync(name, cancellation), cancellation));

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation) =>
        retry.RunAsync(() => inner.ReadAsync(name, offset, buffer, cancellation), cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellation) => RetriedAsync(() => inner.ListAsync(prefix, cancellation), cancellation);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string name, CancellationToken cancellation) => RetriedAsync(() => inner.DeleteAsync(name, cancellation), cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => RetriedAsync(() => inner.ListUnfinishedAsync(cancellation), cancellation);

    /// <inheritdoc/>
    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => RetriedAsync(() => inner.DiscardAsync(unfinished, cancellation), cancellation);

    private async ValueTask RetriedAsync(Func<ValueTask> work, CancellationToken cancellation) => await retry.RunAsync(async () =>
    {
        await work();
        return true;
    }, cancellation);

    private async IAsyncEnumerable<StoredObject> RetriedAsync(Func<IAsyncEnumerable<StoredObject>> list, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? last = null;
        var attempt = 1;
        while (true)
        {
            await using var items = list().GetAsyncEnumerator(cancellation);
            while (true)
            {
                try
                {
                    if (!await items.MoveNextAsync()) yield break;
                }
                catch (BackupException error) when (Retry.Allows(error, attempt))
                {
                    await retry.WaitAsync(attempt++, cancellation);
                    break;
                }
                // Names come in order: what was given out before the failure is not given out again.
                if (last is not null && string.CompareOrdinal(items.Current.Name, last) <= 0) continue;
                last = items.Current.Name;
                yield return items.Current;
            }
        }
    }
}

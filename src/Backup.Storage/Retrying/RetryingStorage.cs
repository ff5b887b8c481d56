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
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? last = null;
        var attempt = 1;
        while (true)
        {
            await using var items = inner.ListAsync(prefix, cancellation).GetAsyncEnumerator(cancellation);
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

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string name, CancellationToken cancellation) => await retry.RunAsync(async () =>
    {
        await inner.DeleteAsync(name, cancellation);
        return true;
    }, cancellation);
}

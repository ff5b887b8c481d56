using System.Runtime.CompilerServices;
using Backup.Storage;

namespace Backup.Tests.Unit.Faults;

/// <summary>A storage whose reads and listings take their time: each waits on <paramref name="time"/>, and nothing is missed.</summary>
internal sealed class SlowStorage(IBackupStorage inner, TimeSpan delay, TimeProvider time) : IBackupStorage
{
    public string Location => inner.Location;

    /// <summary>Set when the first operation waits.</summary>
    public TaskCompletionSource Waits { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) => inner.CreateAsync(name, cancellation);

    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        await WaitAsync(cancellation);
        return await inner.ReadAsync(name, offset, buffer, cancellation);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var item in inner.ListAsync(prefix, cancellation))
        {
            await WaitAsync(cancellation);
            yield return item;
        }
    }

    public ValueTask DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

    public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => inner.ListUnfinishedAsync(cancellation);

    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => inner.DiscardAsync(unfinished, cancellation);

    private Task WaitAsync(CancellationToken cancellation)
    {
        var waiting = Task.Delay(delay, time, cancellation);
        Waits.TrySetResult();
        return waiting;
    }
}

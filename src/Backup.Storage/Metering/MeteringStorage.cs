namespace Backup.Storage.Metering;

/// <summary>Counts what is read through it. Safe for concurrent use.</summary>
public sealed class MeteringStorage(IBackupStorage inner) : IBackupStorage
{
    private long reads, bytesRead;

    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <summary>Calls of <see cref="ReadAsync"/>.</summary>
    public long Reads => Interlocked.Read(ref reads);

    /// <summary>Bytes those calls returned.</summary>
    public long BytesRead => Interlocked.Read(ref bytesRead);

    /// <inheritdoc/>
    public ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) => inner.CreateAsync(name, cancellation);

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        Interlocked.Increment(ref reads);
        var read = await inner.ReadAsync(name, offset, buffer, cancellation);
        Interlocked.Add(ref bytesRead, read);
        return read;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => inner.ListUnfinishedAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask DiscardAsync(string unfinished, CancellationToken cancellation) => inner.DiscardAsync(unfinished, cancellation);
}

namespace Backup.Storage.Scratch;

/// <summary>A storage beside which objects of one prefix are kept elsewhere for a while, so that nothing is written to it.</summary>
/// <param name="inner">Everything else.</param>
/// <param name="scratch">Holds the objects of the prefix.</param>
/// <param name="prefix">What their names begin with.</param>
public sealed class ScratchStorage(IBackupStorage inner, IBackupStorage scratch, string prefix) : IBackupStorage
{
    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The name is not one of the prefix.</exception>
    public ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation) =>
        IsScratch(name) ? scratch.CreateAsync(name, cancellation) : throw new InvalidOperationException($"{name} must not be written: the storage is only read");

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation) => For(name).ReadAsync(name, offset, buffer, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string beginning, CancellationToken cancellation) => For(beginning).ListAsync(beginning, cancellation);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string name, CancellationToken cancellation) =>
        IsScratch(name) ? scratch.DeleteAsync(name, cancellation) : throw new InvalidOperationException($"{name} must not be deleted: the storage is only read");

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation) => inner.ListUnfinishedAsync(cancellation);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The storage is only read.</exception>
    public ValueTask DiscardAsync(string name, CancellationToken cancellation) => throw new InvalidOperationException($"{name} must not be discarded: the storage is only read");

    private bool IsScratch(string name) => name.StartsWith(prefix, StringComparison.Ordinal);

    private IBackupStorage For(string name) => IsScratch(name) ? scratch : inner;
}

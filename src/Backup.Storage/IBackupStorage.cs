namespace Backup.Storage;

/// <summary>
/// A place archives are kept in: a folder, a bucket. Object names are <c>/</c>-separated, ASCII, and sort ordinally.
/// A writer needs create, read and list only; nothing is ever overwritten.
/// </summary>
public interface IBackupStorage
{
    /// <summary>Where this is, for messages: a path or an URL without credentials.</summary>
    string Location { get; }

    /// <summary>Starts a new object. It becomes visible, whole and durable, when the writer is committed.</summary>
    ValueTask<IObjectWriter> CreateAsync(string name, CancellationToken cancellation);

    /// <summary>
    /// Fills <paramref name="buffer"/> from <paramref name="offset"/> on; fewer bytes are returned only at the object's end.
    /// </summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancellation);

    /// <summary>Lists the objects whose name starts with <paramref name="prefix"/>, in ordinal order of their names.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>Removes an object; removing what is not there succeeds. Only collection and the destruction of keys call this.</summary>
    ValueTask DeleteAsync(string name, CancellationToken cancellation);

    /// <summary>
    /// Lists what writers began and have not made visible: temporary files, unfinished uploads. The names are the storage's own, the time
    /// is that of the last sign of a writer. Most of it is being written; what is old was left by a crash.
    /// </summary>
    IAsyncEnumerable<StoredObject> ListUnfinishedAsync(CancellationToken cancellation);

    /// <summary>Removes what <see cref="ListUnfinishedAsync"/> named; its writer, if it still lives, cannot commit any more. Only collection calls this.</summary>
    ValueTask DiscardAsync(string unfinished, CancellationToken cancellation);
}

/// <summary>One object as a listing shows it.</summary>
/// <param name="Name">Full name.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Created">When the storage says it was created.</param>
public readonly record struct StoredObject(string Name, long Size, DateTimeOffset Created);

/// <summary>Writes one object. Disposing without a commit leaves nothing visible.</summary>
public interface IObjectWriter : IAsyncDisposable
{
    /// <summary>Appends bytes.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation);

    /// <summary>Makes the object durable and visible.</summary>
    /// <exception cref="ObjectExistsException">An object of that name is there already; it was not changed.</exception>
    ValueTask CommitAsync(CancellationToken cancellation);
}

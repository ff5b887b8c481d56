namespace Backup.Storage;

/// <summary>Whole-object reads and writes for small objects.</summary>
public static class StorageExtensions
{
    /// <summary>Creates an object from bytes in memory.</summary>
    /// <exception cref="ObjectExistsException">An object of that name is there already.</exception>
    public static async ValueTask PutAsync(this IBackupStorage storage, string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await using var writer = await storage.CreateAsync(name, cancellation);
        await writer.WriteAsync(bytes, cancellation);
        await writer.CommitAsync(cancellation);
    }

    /// <summary>Reads an object of at most <paramref name="limit"/> bytes whole.</summary>
    /// <returns>The bytes; when the object is larger, <paramref name="limit"/> + 1 of them.</returns>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    public static async ValueTask<byte[]> GetAsync(this IBackupStorage storage, string name, int limit, CancellationToken cancellation)
    {
        var buffer = new byte[Math.Min(limit + 1, 64 * 1024)];
        var length = 0;
        while (true)
        {
            length += await storage.ReadAsync(name, length, buffer.AsMemory(length), cancellation);
            if (length < buffer.Length || length > limit) return buffer[..length];
            Array.Resize(ref buffer, (int)Math.Min((long)limit + 1, buffer.Length * 4L));
        }
    }

    /// <summary>Lists into memory; for prefixes that hold few objects.</summary>
    public static async ValueTask<List<StoredObject>> ListAllAsync(this IBackupStorage storage, string prefix, CancellationToken cancellation)
    {
        var list = new List<StoredObject>();
        await foreach (var item in storage.ListAsync(prefix, cancellation)) list.Add(item);
        return list;
    }
}

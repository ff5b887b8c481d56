using Backup.Archive.Frames;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Sealing;

/// <summary>Reads frames of one sealed object. Every byte is authenticated before it is used.</summary>
internal sealed class SealedReader : IDisposable
{
    private readonly IBackupStorage storage;
    private readonly ObjectKey key;
    private readonly long size;

    private SealedReader(IBackupStorage storage, string name, long size, ObjectKey key)
    {
        this.storage = storage;
        Name = name;
        this.size = size;
        this.key = key;
    }

    /// <summary>The object's name.</summary>
    public string Name { get; }

    /// <summary>Opens by what a manifest says, without reading the header.</summary>
    public static SealedReader Open(OpenedArchive archive, ObjectKind kind, ObjectReference reference) =>
        new(archive.Storage, reference.Name, reference.Size, archive.Keys.ObjectKey(reference.KeyId, kind, reference.Name, reference.Salt)
            ?? throw new DamageException(reference.Name, 16, $"it is sealed under data key {reference.KeyId}, which this archive's keys do not hold"));

    /// <summary>Starts reading a frame.</summary>
    /// <exception cref="DamageException">There is no such place in the object.</exception>
    public FrameReader Frame(FrameLocation location) =>
        location.Offset >= SealedHeader.Length && location.Length <= size - location.Offset
            ? new(Name, key, location, ReadStoredAsync)
            : throw new DamageException(Name, Math.Clamp(location.Offset, 0, size), $"an object of {size} bytes has no frame of {location.Length} bytes there");

    private async ValueTask ReadStoredAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var read = await ReadAsync(storage, Name, offset, buffer, cancellation);
        if (read < buffer.Length) throw new DamageException(Name, offset + read, "it ends where data should follow");
    }

    public void Dispose() => key.Dispose();

    /// <summary>Reads a part of an object that must be there.</summary>
    public static async ValueTask<int> ReadAsync(IBackupStorage storage, string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return await storage.ReadAsync(name, offset, buffer, cancellation);
        }
        catch (ObjectNotFoundException)
        {
            throw new DamageException(name, 0, "it is missing");
        }
    }
}

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

    private SealedReader(IBackupStorage storage, string name, ObjectKey key)
    {
        this.storage = storage;
        Name = name;
        this.key = key;
    }

    /// <summary>The object's name.</summary>
    public string Name { get; }

    /// <summary>Opens by reading the header.</summary>
    /// <exception cref="DamageException">The object is not there, or its header is not authentic.</exception>
    public static async ValueTask<(SealedReader Reader, ObjectReference Reference)> OpenAsync(OpenedArchive archive, ObjectKind kind, string name, CancellationToken cancellation)
    {
        var header = new byte[SealedHeader.Length];
        var read = await ReadAsync(archive.Storage, name, 0, header, cancellation);
        var key = SealedHeader.Open(header.AsSpan(0, read), archive.Keys, kind, name, out var reference);
        return (new(archive.Storage, name, key), reference);
    }

    /// <summary>Opens by what a manifest says, without reading the header.</summary>
    public static SealedReader Open(OpenedArchive archive, ObjectKind kind, ObjectReference reference) =>
        new(archive.Storage, reference.Name, archive.Keys.ObjectKey(reference.KeyId, kind, reference.Name, reference.Salt)
            ?? throw new DamageException(reference.Name, 16, $"it is sealed under data key {reference.KeyId}, which this archive's keys do not hold"));

    /// <summary>Starts reading a frame.</summary>
    public FrameReader Frame(FrameLocation location) => new(Name, key, location, ReadStoredAsync);

    private async ValueTask ReadStoredAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var read = await ReadAsync(storage, Name, offset, buffer, cancellation);
        if (read < buffer.Length) throw new DamageException(Name, offset + read, "it ends where data should follow");
    }

    public void Dispose() => key.Dispose();

    private static async ValueTask<int> ReadAsync(IBackupStorage storage, string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
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

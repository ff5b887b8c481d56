using System.Security.Cryptography;
using Backup.Archive.Frames;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Sealing;

/// <summary>Small sealed objects: one frame of JSON.</summary>
internal static class SealedDocument
{
    /// <summary>Most content bytes of a document; a manifest of 100,000 segments stays below.</summary>
    private const int MaxContent = 32 << 20;
    private const int SmallContent = 1 << 20;
    private const int MaxRatio = 32;

    /// <summary>Writes a document and reads it back from the storage before it is believed.</summary>
    public static async Task<ObjectDigest> PutAsync<T>(OpenedArchive archive, ObjectKind kind, string name, T value, CancellationToken cancellation) where T : class
    {
        using var compressor = new ZstdCompressor(archive.CompressionLevel);
        await using (var writer = await SealedWriter.CreateAsync(archive, kind, name, compressor, cancellation))
        {
            writer.BeginFrame(large: false);
            await writer.WriteAsync(ArchiveJson.Bytes(value), cancellation);
            await writer.EndFrameAsync(cancellation);
            await writer.CommitAsync(cancellation);
        }
        return (await GetAsync<T>(archive, kind, name, cancellation)).Digest;
    }

    /// <summary>Reads a document.</summary>
    /// <exception cref="DamageException">It is missing or not authentic.</exception>
    public static async Task<(T Value, ObjectDigest Digest)> GetAsync<T>(OpenedArchive archive, ObjectKind kind, string name, CancellationToken cancellation) where T : class
    {
        byte[] bytes;
        try
        {
            bytes = await archive.Storage.GetAsync(name, MaxContent, cancellation);
        }
        catch (ObjectNotFoundException)
        {
            throw new DamageException(name, 0, "it is missing");
        }
        if (bytes.Length > MaxContent) throw new DamageException(name, MaxContent, "it is too large");
        using var key = SealedHeader.Open(bytes, archive.Keys, kind, name, out _);
        using var frame = new FrameReader(name, key, new(SealedHeader.Length, bytes.Length - SealedHeader.Length), (offset, buffer, _) =>
        {
            bytes.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            return default;
        });
        // Salts and digests do not compress: more content than this is not a document, whatever its size says.
        var content = await frame.ReadAllAsync((int)Math.Min(MaxContent, SmallContent + (MaxRatio * (long)bytes.Length)), cancellation);
        return (ArchiveJson.Parse<T>(name, content), new(name, bytes.Length, SHA256.HashData(bytes)));
    }
}

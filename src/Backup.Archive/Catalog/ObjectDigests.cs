using System.Buffers;
using System.Security.Cryptography;
using Backup.Archive.Objects;
using Backup.Storage;

namespace Backup.Archive.Catalog;

/// <summary>Digests of stored objects as they are, without opening them.</summary>
public static class ObjectDigests
{
    /// <summary>Reads an object and returns name, size and SHA-256.</summary>
    /// <exception cref="ObjectNotFoundException">It is not there.</exception>
    public static async Task<ObjectDigest> ComputeAsync(IBackupStorage storage, string name, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        try
        {
            long size = 0;
            while (true)
            {
                var read = await storage.ReadAsync(name, size, buffer, cancellation);
                hash.AppendData(buffer, 0, read);
                size += read;
                if (read < buffer.Length) return new(name, size, hash.GetHashAndReset());
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

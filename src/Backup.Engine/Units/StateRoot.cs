using System.Buffers.Binary;
using System.Security.Cryptography;
using Backup.Archive.Index;

namespace Backup.Engine.Units;

/// <summary>The SHA-256 over every unit in order: length of its key, key, length of its summary, summary. Two stores with equal roots hold equal contents.</summary>
public sealed class StateRoot : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Takes the next unit in.</summary>
    public void Add(UnitEntry entry)
    {
        Append(entry.Key);
        Append(entry.Summary);
    }

    /// <summary>The root over what was taken in.</summary>
    public byte[] Finish() => hash.GetHashAndReset();

    /// <inheritdoc/>
    public void Dispose() => hash.Dispose();

    private void Append(byte[] bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Archive.Sealing;
using Backup.Storage;

namespace Backup.Archive.Objects;

/// <summary>Names a sealed object and says enough to read parts of it without reading its header.</summary>
/// <param name="Name">Name in the archive.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="KeyId">Data key it is sealed under, 32 hexadecimal digits.</param>
/// <param name="Salt">Salt of its object key, 32 bytes.</param>
public sealed record ObjectReference(string Name, long Size, string KeyId, byte[] Salt) : IJsonOnDeserialized
{
    /// <summary>Most bytes of an object: sums of sizes and offsets cannot overflow.</summary>
    internal const long MaxSize = 1L << 43;

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (!ObjectName.IsValid(Name) || Size is < SealedHeader.Length or > MaxSize || KeyId.Length != 32 || Salt.Length != SealedHeader.SaltLength)
            throw new JsonException("a reference to an object is not one");
    }
}

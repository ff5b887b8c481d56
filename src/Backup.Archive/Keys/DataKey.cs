namespace Backup.Archive.Keys;

/// <summary>A key that seals an archive's objects. It never leaves memory but wrapped.</summary>
/// <param name="id">Id, 32 hexadecimal digits.</param>
/// <param name="secret">The key, 32 bytes.</param>
internal sealed class DataKey(string id, byte[] secret)
{
    public string Id { get; } = id;

    public byte[] Secret { get; } = secret;
}

namespace Backup.Archive.Objects;

/// <summary>Names a sealed object and says enough to read parts of it without reading its header.</summary>
/// <param name="Name">Name in the archive.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="KeyId">Data key it is sealed under, 32 hexadecimal digits.</param>
/// <param name="Salt">Salt of its object key, 32 bytes.</param>
public sealed record ObjectReference(string Name, long Size, string KeyId, byte[] Salt);

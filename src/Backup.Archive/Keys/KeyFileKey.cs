using System.Security.Cryptography;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Keys;

/// <summary>A key file: 32 random bytes in base64.</summary>
public sealed class KeyFileKey : IWrappingKey
{
    /// <summary>Bytes of the key.</summary>
    public const int Length = 32;
    private readonly byte[] secret;

    private KeyFileKey(byte[] secret) => this.secret = secret;

    /// <inheritdoc/>
    public string Kind => "keyfile";

    /// <summary>Makes a new key's file content.</summary>
    public static string NewContent() => Convert.ToBase64String(Randomness.Bytes(Length)) + "\n";

    /// <summary>Reads a key file's content.</summary>
    /// <exception cref="BackupException">Usage: it is not 32 bytes in base64.</exception>
    public static KeyFileKey Parse(string content, string path)
    {
        var bytes = new byte[Length + 1];
        return Convert.TryFromBase64String(content.Trim(), bytes, out var length) && length == Length
            ? new(bytes[..Length])
            : throw new BackupException(ErrorKind.Usage, $"key file {path} does not hold 32 bytes in base64",
                "Point KeyFile at the file that 'backup archive init' made for this archive.");
    }

    /// <inheritdoc/>
    public byte[] Derive(KeyWrap wrap) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, wrap.Salt, "backup.orleans/v1/wrap"u8.ToArray());

    /// <inheritdoc/>
    public KeyWrap Configure(KeyWrap wrap) => wrap;
}

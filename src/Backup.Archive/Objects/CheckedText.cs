using System.Security.Cryptography;
using System.Text;
using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>
/// Text objects that must be read before any key is there: JSON, a line feed, the SHA-256 of the JSON in lower-case
/// hexadecimal, a line feed. The checksum tells an accident from a wrong key; what an attacker may do is stopped by the keys.
/// </summary>
internal static class CheckedText
{
    public const int MaxLength = 64 * 1024;
    private const int TrailerLength = 1 + 64 + 1;

    public static byte[] Wrap(byte[] json) =>
        [.. json, (byte)'\n', .. Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(json))), (byte)'\n'];

    /// <exception cref="DamageException">The checksum does not fit.</exception>
    public static ReadOnlySpan<byte> Unwrap(string name, ReadOnlySpan<byte> text)
    {
        if (text.Length is < TrailerLength or > MaxLength)
            throw new DamageException(name, 0, $"{text.Length} bytes are not a checked text object");
        var json = text[..^TrailerLength];
        // Which byte of the two was changed cannot be told; nothing of the object is believed.
        return text.SequenceEqual(Wrap(json.ToArray())) ? json : throw new DamageException(name, 0, "its checksum does not fit its text");
    }
}

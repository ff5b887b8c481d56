using System.Security.Cryptography;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Keys;

/// <summary>Wraps data keys and opens wraps (docs/format.md, Checked text).</summary>
internal static class KeyWrapping
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    public static KeyWrap Wrap(DataKey key, byte[] archiveDigest, IWrappingKey with)
    {
        var wrap = with.Configure(new KeyWrap { Format = 1, KeyId = key.Id, Kind = with.Kind, Salt = Randomness.Bytes(32), Check = [], Wrapped = [] });
        var kek = with.Derive(wrap);
        var wrapped = new byte[NonceLength + key.Secret.Length + TagLength];
        Randomness.Fill(wrapped.AsSpan(0, NonceLength));
        using var aes = new AesGcm(kek, TagLength);
        aes.Encrypt(wrapped.AsSpan(0, NonceLength), key.Secret, wrapped.AsSpan(NonceLength, key.Secret.Length),
            wrapped.AsSpan(NonceLength + key.Secret.Length), Bound(key.Id, archiveDigest));
        return wrap with { Check = CheckOf(kek), Wrapped = wrapped };
    }

    /// <summary>Opens a wrap; null when the key is another one.</summary>
    /// <exception cref="DamageException">The key is the right one, the wrap is not intact.</exception>
    public static DataKey? Open(string name, KeyWrap wrap, byte[] archiveDigest, IWrappingKey with)
    {
        if (wrap.Kind != with.Kind) return null;
        var kek = with.Derive(wrap);
        if (!CryptographicOperations.FixedTimeEquals(CheckOf(kek), wrap.Check)) return null;
        var secret = new byte[32];
        try
        {
            using var aes = new AesGcm(kek, TagLength);
            aes.Decrypt(wrap.Wrapped.AsSpan(0, NonceLength), wrap.Wrapped.AsSpan(NonceLength, secret.Length),
                wrap.Wrapped.AsSpan(NonceLength + secret.Length), secret, Bound(wrap.KeyId, archiveDigest));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new DamageException(name, 0, $"the key fits, but the wrapped key is not intact or not of the archive that the object '{ObjectNames.Descriptor}' describes");
        }
        return new(wrap.KeyId, secret);
    }

    // Bound to the descriptor, so that an archive cannot pass for another one under the same key.
    private static byte[] Bound(string keyId, byte[] archiveDigest) => [.. Convert.FromHexString(keyId), .. archiveDigest];

    private static byte[] CheckOf(byte[] kek) => HKDF.Expand(HashAlgorithmName.SHA256, kek, 16, "backup.orleans/v1/check"u8.ToArray());
}

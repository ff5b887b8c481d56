using System.Security.Cryptography;

namespace Backup.Contracts;

/// <summary>The one place randomness comes from: the operating system's cryptographic generator.</summary>
public static class Randomness
{
    // Crockford's base 32 without i, l, o, u: nothing to misread over a telephone.
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Fills <paramref name="buffer"/> with random bytes.</summary>
    public static void Fill(Span<byte> buffer)
    {
#pragma warning disable RS0030 // the one place
        RandomNumberGenerator.Fill(buffer);
#pragma warning restore RS0030
    }

    /// <summary>Returns <paramref name="count"/> random bytes.</summary>
    public static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    /// <summary>Returns <paramref name="length"/> random characters, five bits each, safe in object names and grain keys.</summary>
    public static string Token(int length)
    {
        Span<byte> bytes = stackalloc byte[length];
        Fill(bytes);
        Span<char> chars = stackalloc char[length];
        for (var i = 0; i < length; i++) chars[i] = Alphabet[bytes[i] & 31];
        return new string(chars);
    }
}

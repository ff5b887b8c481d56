using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Backup.Archive.Objects;

namespace Backup.Archive.Sealing;

/// <summary>
/// The AES-256-GCM key of one object (docs/format.md, Sealed objects). Every chunk has a nonce of its own: the offset it stands at
/// and what it is. A salt is never used twice, so no two attempts seal under one key and nonce.
/// </summary>
internal sealed class ObjectKey : IDisposable
{
    public const int TagLength = 16;
    private const byte HeaderFlag = 2;
    private const byte LastChunkFlag = 1;
    private readonly AesGcm aes;

    private ObjectKey(byte[] key) => aes = new AesGcm(key, TagLength);

    public static ObjectKey Derive(byte[] secret, byte[] archiveDigest, ObjectKind kind, string name, ReadOnlySpan<byte> salt)
    {
        byte[] info = [.. "backup.orleans/v1/object"u8, .. archiveDigest, (byte)kind, .. Encoding.ASCII.GetBytes(name)];
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt, info);
        return new(key.ToArray());
    }

    public void SealHeader(ReadOnlySpan<byte> header, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[12];
        Nonce(nonce, 0, HeaderFlag);
        aes.Encrypt(nonce, default, default, tag, header);
    }

    public bool OpensHeader(ReadOnlySpan<byte> header, ReadOnlySpan<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[12];
        Nonce(nonce, 0, HeaderFlag);
        try
        {
            aes.Decrypt(nonce, default, tag, default, header);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Seals a chunk in place; the tag follows it.</summary>
    public void SealChunk(long frame, long position, bool last, Span<byte> chunk, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[12], bound = stackalloc byte[8];
        Nonce(nonce, position, last ? LastChunkFlag : (byte)0);
        BinaryPrimitives.WriteInt64LittleEndian(bound, frame);
        aes.Encrypt(nonce, chunk, chunk, tag, bound);
    }

    /// <summary>Opens a chunk in place; false when it is not what was sealed at this place.</summary>
    public bool OpenChunk(long frame, long position, bool last, Span<byte> chunk, ReadOnlySpan<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[12], bound = stackalloc byte[8];
        Nonce(nonce, position, last ? LastChunkFlag : (byte)0);
        BinaryPrimitives.WriteInt64LittleEndian(bound, frame);
        try
        {
            aes.Decrypt(nonce, chunk, tag, chunk, bound);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => aes.Dispose();

    private static void Nonce(Span<byte> nonce, long position, byte flags)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce, position);
        nonce[8] = flags;
    }
}

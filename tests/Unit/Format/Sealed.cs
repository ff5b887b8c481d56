using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ZstdNet;

namespace Backup.Tests.Unit.Format;

/// <summary>Sealed objects as docs/format.md describes them, written from that page alone: nothing of the archive's own code is used.</summary>
internal static class Sealed
{
    public const int Header = 80;
    public const int Chunk = 1 << 20;
    private const int Tag = 16;

    /// <summary>The content of an object's frame.</summary>
    public static byte[] Open(Secrets secrets, byte kind, string name, ReadOnlySpan<byte> bytes, long offset, long length)
    {
        using var aes = OpenHeader(secrets, kind, name, bytes);
        var compressed = new MemoryStream();
        for (var position = offset; position < offset + length;)
        {
            var size = (int)Math.Min(Chunk + Tag, offset + length - position);
            var last = position + size == offset + length;
            var plain = new byte[size - Tag];
            var stored = bytes.Slice((int)position, size);
            aes.Decrypt(Nonce(position, last ? (byte)1 : (byte)0), stored[..^Tag], stored[^Tag..], plain, LittleEndian(offset));
            compressed.Write(plain);
            position += size;
        }
        compressed.Position = 0;
        using var zstd = new DecompressionStream(compressed);
        var content = new MemoryStream();
        zstd.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>The content of an object of one frame.</summary>
    public static byte[] OpenDocument(Secrets secrets, byte kind, string name, byte[] bytes) => Open(secrets, kind, name, bytes, Header, bytes.Length - Header);

    /// <summary>An object of one frame of content.</summary>
    public static byte[] Of(Secrets secrets, byte kind, string name, byte[] salt, byte[] content)
    {
        using var compressor = new Compressor();
        return OfCompressed(secrets, kind, name, salt, compressor.Wrap(content));
    }

    /// <summary>An object of one frame whose compressed bytes are given.</summary>
    public static byte[] OfCompressed(Secrets secrets, byte kind, string name, byte[] salt, byte[] compressed)
    {
        var header = new byte[64];
        "BKORLNS\0"u8.CopyTo(header);
        header[8] = 1;
        header[9] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), Chunk);
        Convert.FromHexString(secrets.KeyId).CopyTo(header, 16);
        salt.CopyTo(header, 32);
        using var aes = Key(secrets, kind, name, salt);
        var tag = new byte[Tag];
        aes.Encrypt(Nonce(0, 2), default, default(Span<byte>), tag, header);
        var output = new MemoryStream();
        output.Write(header);
        output.Write(tag);
        var start = 0;
        do
        {
            var size = Math.Min(Chunk, compressed.Length - start);
            var last = start + size == compressed.Length;
            var sealedBytes = new byte[size];
            aes.Encrypt(Nonce(output.Position, last ? (byte)1 : (byte)0), compressed.AsSpan(start, size), sealedBytes, tag, LittleEndian(Header));
            output.Write(sealedBytes);
            output.Write(tag);
            start += size;
        }
        while (start < compressed.Length);
        return output.ToArray();
    }

    private static AesGcm OpenHeader(Secrets secrets, byte kind, string name, ReadOnlySpan<byte> bytes)
    {
        Assert.True(bytes[..8].SequenceEqual("BKORLNS\0"u8), $"{name}: magic");
        Assert.Equal((1, kind, 0, 0), (bytes[8], bytes[9], bytes[10], bytes[11]));
        Assert.Equal(Chunk, BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]));
        Assert.Equal(secrets.KeyId, Convert.ToHexStringLower(bytes[16..32]));
        var aes = Key(secrets, kind, name, bytes[32..64].ToArray());
        aes.Decrypt(Nonce(0, 2), default, bytes[64..80], default, bytes[..64]);
        return aes;
    }

    private static AesGcm Key(Secrets secrets, byte kind, string name, byte[] salt)
    {
        byte[] info = [.. "backup.orleans/v1/object"u8, .. secrets.DescriptorDigest, kind, .. Encoding.ASCII.GetBytes(name)];
        return new(HKDF.DeriveKey(HashAlgorithmName.SHA256, secrets.DataKey, 32, salt, info), Tag);
    }

    private static byte[] Nonce(long position, byte flag) => [.. LittleEndian(position), flag, 0, 0, 0];

    private static byte[] LittleEndian(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }
}

using System.Buffers.Binary;
using Backup.Archive.Keys;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Sealing;

/// <summary>The first 80 bytes of every sealed object (docs/format.md, Sealed objects).</summary>
internal static class SealedHeader
{
    public const int Length = Plain + ObjectKey.TagLength;
    private const int Plain = 64;
    private const int KeyIdOffset = 16;
    private const int SaltOffset = 32;
    public const int SaltLength = 32;
    private const byte Version = 1;
    private static ReadOnlySpan<byte> Magic => "BKORLNS\0"u8;

    public static byte[] Create(KeyRing keys, ObjectKind kind, string name, out ObjectKey key, out ObjectReference reference)
    {
        var header = new byte[Length];
        Magic.CopyTo(header);
        header[8] = Version;
        header[9] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), SealedWriter.ChunkLength);
        Convert.FromHexString(keys.Current.Id).CopyTo(header, KeyIdOffset);
        Randomness.Fill(header.AsSpan(SaltOffset, SaltLength));
        reference = new(name, 0, keys.Current.Id, header[SaltOffset..(SaltOffset + SaltLength)]);
        key = keys.ObjectKey(keys.Current.Id, kind, name, reference.Salt)!;
        key.SealHeader(header.AsSpan(0, Plain), header.AsSpan(Plain));
        return header;
    }

    /// <summary>Checks a header and returns the object's key.</summary>
    /// <exception cref="DamageException">It is not the header of this object.</exception>
    public static ObjectKey Open(ReadOnlySpan<byte> header, KeyRing keys, ObjectKind kind, string name, out ObjectReference reference)
    {
        if (header.Length < Length) throw new DamageException(name, header.Length, "it ends inside its header");
        if (!header[..8].SequenceEqual(Magic)) throw new DamageException(name, header.CommonPrefixLength(Magic), "it does not begin like an object of an archive");
        if (header[8] != Version) throw new DamageException(name, 8, $"it has object version {header[8]}");
        if (header[9] != (byte)kind) throw new DamageException(name, 9, $"it is of kind {header[9]} where kind {(byte)kind} belongs");
        if (header[10..12].ContainsAnyExcept((byte)0) || BinaryPrimitives.ReadInt32LittleEndian(header[12..]) != SealedWriter.ChunkLength)
            throw new DamageException(name, 10, "its chunks are not of the length this version has");
        reference = new(name, 0, Convert.ToHexStringLower(header.Slice(KeyIdOffset, 16)), header.Slice(SaltOffset, SaltLength).ToArray());
        var key = keys.ObjectKey(reference.KeyId, kind, name, reference.Salt)
            ?? throw new DamageException(name, KeyIdOffset, $"it names data key {reference.KeyId}, which this archive's keys do not hold");
        if (key.OpensHeader(header[..Plain], header[Plain..Length])) return key;
        key.Dispose();
        throw new DamageException(name, 0, "its header is not authentic: it was changed, or it is not the object that was written under this name");
    }

    /// <summary>Reads an object's header and checks that it is the one a manifest names.</summary>
    /// <exception cref="DamageException">It is not.</exception>
    public static async Task CheckAsync(OpenedArchive archive, ObjectKind kind, ObjectReference expected, CancellationToken cancellation)
    {
        var header = new byte[Length];
        var read = await SealedReader.ReadAsync(archive.Storage, expected.Name, 0, header, cancellation);
        Open(header.AsSpan(0, read), archive.Keys, kind, expected.Name, out var found).Dispose();
        if (found.KeyId != expected.KeyId || !found.Salt.AsSpan().SequenceEqual(expected.Salt))
            throw new DamageException(expected.Name, 0, "it is not the object that the manifest names");
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Backup.Checkpoints.Encoding;

/// <summary>
/// A number mod 2^256: a sum of SHA-256 values. Adding and subtracting commute, so that the digest of a set follows
/// its changes without reading the rest. Stored big-endian.
/// </summary>
public readonly struct Digest256 : IEquatable<Digest256>
{
    /// <summary>Bytes of the stored form.</summary>
    public const int Length = 32;
    private readonly ulong d0, d1, d2, d3; // d0 is the most significant

    private Digest256(ulong d0, ulong d1, ulong d2, ulong d3) => (this.d0, this.d1, this.d2, this.d3) = (d0, d1, d2, d3);

    /// <summary>Reads the stored form.</summary>
    public static Digest256 Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));

    /// <summary>The SHA-256 of <paramref name="bytes"/>.</summary>
    public static Digest256 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(bytes, hash);
        return Read(hash);
    }

    /// <summary>Writes the stored form.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, d0);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], d1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], d2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], d3);
    }

    /// <summary>The sum.</summary>
    public static Digest256 operator +(Digest256 a, Digest256 b)
    {
        var r3 = Add(a.d3, b.d3, 0, out var c);
        var r2 = Add(a.d2, b.d2, c, out c);
        var r1 = Add(a.d1, b.d1, c, out c);
        return new(Add(a.d0, b.d0, c, out _), r1, r2, r3);
    }

    /// <summary>The difference.</summary>
    public static Digest256 operator -(Digest256 a, Digest256 b) => a + (new Digest256(~b.d0, ~b.d1, ~b.d2, ~b.d3) + new Digest256(0, 0, 0, 1));

    /// <summary>Equality.</summary>
    public static bool operator ==(Digest256 a, Digest256 b) => a.Equals(b);

    /// <summary>Inequality.</summary>
    public static bool operator !=(Digest256 a, Digest256 b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(Digest256 other) => d0 == other.d0 && d1 == other.d1 && d2 == other.d2 && d3 == other.d3;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest256 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)d3;

    /// <summary>Lower-case hexadecimal.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static ulong Add(ulong a, ulong b, ulong carry, out ulong carryOut)
    {
        var sum = (UInt128)a + b + carry;
        carryOut = (ulong)(sum >> 64);
        return (ulong)sum;
    }
}

namespace Backup.Contracts;

/// <summary>Unsigned numbers of seven bits a byte, low bits first, the top bit set on all but the last byte; the shortest form only.</summary>
public static class Varint
{
    /// <summary>Bytes the largest number takes.</summary>
    public const int MaxLength = 10;

    /// <summary>Writes <paramref name="value"/> and returns the bytes used.</summary>
    public static int Write(Span<byte> destination, ulong value)
    {
        var i = 0;
        while (value >= 0x80)
        {
            destination[i++] = (byte)(value | 0x80);
            value >>= 7;
        }
        destination[i++] = (byte)value;
        return i;
    }

    /// <summary>Reads a number and returns the bytes used; 0 when the bytes are cut off or are not a number in its shortest form.</summary>
    public static int Read(ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (var i = 0; i < source.Length && i < MaxLength; i++)
        {
            var b = source[i];
            if (i == MaxLength - 1 && b > 1) return 0;
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b < 0x80) return i > 0 && b == 0 ? 0 : i + 1;
        }
        return 0;
    }

    /// <summary>Maps signed to unsigned so that small magnitudes stay short.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>Undoes <see cref="ZigZag"/>.</summary>
    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}

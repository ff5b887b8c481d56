using System.Buffers.Binary;
using System.Numerics;

namespace Backup.Benchmarks.Data;

/// <summary>A fast keyed hash: what a token becomes depends on the token and the key only.</summary>
internal static class Mixing
{
    public static ulong Hash(ReadOnlySpan<byte> bytes, ulong key)
    {
        var hash = key ^ ((ulong)bytes.Length * 0x9E3779B97F4A7C15);
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        foreach (var item in bytes) hash = (hash ^ item) * 0x100000001B3;
        return Mix(hash);
    }

    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return BitOperations.RotateLeft(value ^ (value >> 31), 17);
    }
}

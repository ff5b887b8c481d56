using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Encoded entries of a frame's content: tag, length, bytes; tag 0 marks the beginning of a unit and holds its key (docs/format.md, Frames of segments).</summary>
internal sealed class EntryBuffer
{
    private const int Initial = 64 * 1024;
    private const int KeepAtMost = 8 << 20;
    private byte[] buffer = new byte[Initial];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, Length);

    public void Add(int tag, ReadOnlySpan<byte> bytes)
    {
        var needed = (long)Length + bytes.Length + (2 * Varint.MaxLength);
        if (needed > buffer.Length) Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, Math.Max(needed, buffer.Length * 2L)));
        Length += Varint.Write(buffer.AsSpan(Length), (ulong)tag);
        Length += Varint.Write(buffer.AsSpan(Length), (ulong)bytes.Length);
        bytes.CopyTo(buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Clear()
    {
        Length = 0;
        if (buffer.Length > KeepAtMost) buffer = new byte[Initial];
    }
}

using System.Buffers.Binary;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>Rows for a binary COPY, built in memory (PostgreSQL, COPY, Binary Format).</summary>
internal sealed class CopyBuffer
{
    private const int KeepAtMost = 16 << 20;
    private byte[] buffer = new byte[1 << 16];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, Length);

    public void Row(int fields)
    {
        if (Length == 0)
        {
            ReadOnlySpan<byte> header = [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xff, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];
            header.CopyTo(Reserve(header.Length));
            Length += header.Length;
        }
        Short((short)fields);
    }

    public void Null() => Int(-1);

    public void Field(ReadOnlySpan<byte> value)
    {
        Int(value.Length);
        value.CopyTo(Reserve(value.Length));
        Length += value.Length;
    }

    /// <summary>A jsonb: version 1, then the text.</summary>
    public void Jsonb(ReadOnlySpan<byte> text)
    {
        Int(text.Length + 1);
        Reserve(1)[0] = 1;
        Length++;
        text.CopyTo(Reserve(text.Length));
        Length += text.Length;
    }

    public void Integer(int value)
    {
        Int(4);
        Int(value);
    }

    public void End() => Short(-1);

    public void Clear()
    {
        Length = 0;
        if (buffer.Length > KeepAtMost) buffer = new byte[1 << 16];
    }

    private void Short(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);
        Length += 2;
    }

    private void Int(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Reserve(4), value);
        Length += 4;
    }

    private Span<byte> Reserve(int count)
    {
        if (buffer.Length - Length < count) Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, Math.Max((long)Length + count, buffer.Length * 2L)));
        return buffer.AsSpan(Length);
    }
}

using System.Text;

namespace Backup.Tests.Unit.Format;

/// <summary>Fields as docs/format.md names them.</summary>
internal sealed class FieldReader(ReadOnlyMemory<byte> bytes)
{
    public int Position { get; private set; }

    public bool AtEnd => Position == bytes.Length;

    public byte Byte() => bytes.Span[Position++];

    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
    }

    public byte[] Bytes() => Raw((int)Varint());

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public byte[]? Optional() => Varint() is > 0 and var length ? Raw((int)length - 1) : null;

    public byte[] Raw(int length)
    {
        Position += length;
        return bytes.Slice(Position - length, length).ToArray();
    }
}

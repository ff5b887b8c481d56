using System.Text;

namespace Backup.Tests.Unit.Format;

/// <summary>Writes fields as docs/format.md names them.</summary>
internal sealed class FieldWriter
{
    private readonly MemoryStream stream = new();

    public byte[] Written => stream.ToArray();

    public FieldWriter Raw(params byte[] bytes)
    {
        stream.Write(bytes);
        return this;
    }

    public FieldWriter Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
        return this;
    }

    public FieldWriter Bytes(byte[] bytes) => Varint((ulong)bytes.Length).Raw(bytes);

    public FieldWriter Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));
}

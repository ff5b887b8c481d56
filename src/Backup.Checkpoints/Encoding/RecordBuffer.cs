using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Checkpoints.Encoding;

/// <summary>
/// Builds encoded records one after the other in one growing buffer (docs/format.md, Records):
/// <see cref="Begin(RecordKind)"/>, the key fields, <see cref="EndKey"/>, the value fields, the extras, <see cref="Record"/>.
/// </summary>
public sealed class RecordBuffer
{
    private byte[] buffer = new byte[4096];
    private int length;
    private int keyLength;

    /// <summary>The finished record; valid until the next <see cref="Begin(RecordKind)"/>.</summary>
    public EncodedRecord Record => new(buffer.AsMemory(0, length), keyLength);

    /// <summary>Starts a record.</summary>
    public void Begin(RecordKind kind)
    {
        // One 50 MB value must not keep 64 MB for the rest of the run.
        if (buffer.Length > 8 << 20) buffer = new byte[4096];
        buffer[0] = (byte)kind;
        length = 1;
        keyLength = 0;
    }

    /// <summary>Starts a record with kind and key of another.</summary>
    public void Begin(ReadOnlySpan<byte> key)
    {
        Begin((RecordKind)key[0]);
        key[1..].CopyTo(Reserve(key.Length - 1));
        length += key.Length - 1;
        EndKey();
    }

    /// <summary>Marks the end of the key fields.</summary>
    public void EndKey() => keyLength = length;

    /// <summary>Appends a required field: its length, then its bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Unsigned((ulong)value.Length);
        value.CopyTo(Reserve(value.Length));
        length += value.Length;
    }

    /// <summary>Appends a field that is absent: 0.</summary>
    public void Null() => Unsigned(0);

    /// <summary>Appends an optional field that is there: its length + 1, then its bytes.</summary>
    public void Optional(ReadOnlySpan<byte> value)
    {
        Unsigned((ulong)value.Length + 1);
        value.CopyTo(Reserve(value.Length));
        length += value.Length;
    }

    /// <summary>Appends a required text field as UTF-8.</summary>
    public void Text(string value)
    {
        var count = System.Text.Encoding.UTF8.GetByteCount(value);
        Unsigned((ulong)count);
        length += System.Text.Encoding.UTF8.GetBytes(value, Reserve(count));
    }

    /// <summary>Appends an optional text field as UTF-8.</summary>
    public void OptionalText(string? value)
    {
        if (value is null) { Null(); return; }
        var count = System.Text.Encoding.UTF8.GetByteCount(value);
        Unsigned((ulong)count + 1);
        length += System.Text.Encoding.UTF8.GetBytes(value, Reserve(count));
    }

    /// <summary>Appends an unsigned number, seven bits a byte, low bits first.</summary>
    public void Unsigned(ulong value) => length += Varint.Write(Reserve(Varint.MaxLength), value);

    /// <summary>Appends a signed number, zig-zag.</summary>
    public void Signed(long value) => Unsigned(Varint.ZigZag(value));

    private Span<byte> Reserve(int count)
    {
        if (buffer.Length - length < count)
            Array.Resize(ref buffer, checked((int)Math.Min(Array.MaxLength, Math.Max((long)length + count, buffer.Length * 2L))));
        return buffer.AsSpan(length);
    }
}

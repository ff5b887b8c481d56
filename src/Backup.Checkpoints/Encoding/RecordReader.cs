using Backup.Contracts;

namespace Backup.Checkpoints.Encoding;

/// <summary>Reads the fields of one encoded record in order. Every length is checked before it is believed.</summary>
public ref struct RecordReader
{
    private readonly ReadOnlySpan<byte> bytes;

    /// <summary>Starts behind the kind byte.</summary>
    public RecordReader(ReadOnlySpan<byte> bytes)
    {
        this.bytes = bytes;
        Position = 1;
        if (bytes.Length < 1) throw new RecordFormatException("an empty record");
    }

    /// <summary>Starts behind the key.</summary>
    public RecordReader(ReadOnlySpan<byte> bytes, int keyLength) : this(bytes)
    {
        if (keyLength < 1 || keyLength > bytes.Length) throw new RecordFormatException("a key ends behind its record");
        Position = keyLength;
    }

    /// <summary>Offset of the next field.</summary>
    public int Position { get; private set; }

    /// <summary>Reads a required field.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(Unsigned());

    /// <summary>Reads a required field as its place in the record.</summary>
    public Range Slice()
    {
        var length = Bytes().Length;
        return (Position - length)..Position;
    }

    /// <summary>Reads an optional field as its place in the record; null when it is absent.</summary>
    public Range? OptionalSlice() =>
        Optional(out var value) ? (Position - value.Length)..Position : null;

    /// <summary>Reads an optional field; false when it is absent.</summary>
    public bool Optional(out ReadOnlySpan<byte> value)
    {
        var length = Unsigned();
        if (length == 0) { value = default; return false; }
        value = Take(length - 1);
        return true;
    }

    /// <summary>Reads a required text field.</summary>
    public string Text() => System.Text.Encoding.UTF8.GetString(Bytes());

    /// <summary>Reads an optional text field.</summary>
    public string? OptionalText() => Optional(out var value) ? System.Text.Encoding.UTF8.GetString(value) : null;

    /// <summary>Reads an unsigned number.</summary>
    public ulong Unsigned()
    {
        var used = Varint.Read(bytes[Position..], out var value);
        if (used == 0) throw new RecordFormatException($"no number at byte {Position} of a record");
        Position += used;
        return value;
    }

    /// <summary>Reads a signed number.</summary>
    public long Signed() => Varint.UnZigZag(Unsigned());

    /// <summary>Checks that nothing is left over.</summary>
    public readonly void End()
    {
        if (Position != bytes.Length) throw new RecordFormatException($"{bytes.Length - Position} bytes too many in a record");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(bytes.Length - Position)) throw new RecordFormatException($"a field of {length} bytes ends behind its record");
        var value = bytes.Slice(Position, (int)length);
        Position += (int)length;
        return value;
    }
}

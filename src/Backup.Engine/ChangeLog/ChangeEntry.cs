using System.Buffers.Binary;
using Backup.Checkpoints.Encoding;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>What a change did. The number is stored in archives and never changes its meaning.</summary>
public enum ChangeOperation : byte
{
    /// <summary>The record came anew.</summary>
    Added = 1,
    /// <summary>The record replaced the one of its key.</summary>
    Replaced = 2,
    /// <summary>The record of the key went.</summary>
    Deleted = 3,
}

/// <summary>
/// One change as ticks carry it: the record (of a deletion kind and key alone), the names of extras the source's log left out, then a
/// footer of <see cref="FooterLength"/> bytes (docs/format.md, Ticks).
/// </summary>
/// <param name="Record">The record.</param>
/// <param name="Operation">What was done.</param>
/// <param name="Position">Position of the commit.</param>
/// <param name="Ordinal">Number of the change in its transaction.</param>
/// <param name="Missing">Value fields that were left out.</param>
/// <param name="MissingExtras">Extras that were left out.</param>
public readonly record struct ChangeEntry(EncodedRecord Record, ChangeOperation Operation, ulong Position, uint Ordinal, uint Missing, IReadOnlyList<string> MissingExtras)
{
    /// <summary>Length of the footer: record length (4), missing fields (4), operation (1), position (8), ordinal (4).</summary>
    public const int FooterLength = 21;

    /// <summary>True when the source's log gave the whole record.</summary>
    public bool IsWhole => Missing == 0 && MissingExtras.Count == 0;

    /// <summary>Appends the encoding to <paramref name="output"/>.</summary>
    public void Write(Stream output)
    {
        output.Write(Record.Bytes.Span);
        Span<byte> number = stackalloc byte[Varint.MaxLength];
        output.Write(number[..Varint.Write(number, (ulong)MissingExtras.Count)]);
        foreach (var name in MissingExtras)
        {
            var text = System.Text.Encoding.UTF8.GetBytes(name);
            output.Write(number[..Varint.Write(number, (ulong)text.Length)]);
            output.Write(text);
        }
        Span<byte> footer = stackalloc byte[FooterLength];
        BinaryPrimitives.WriteInt32LittleEndian(footer, Record.Bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[4..], Missing);
        footer[8] = (byte)Operation;
        BinaryPrimitives.WriteUInt64LittleEndian(footer[9..], Position);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[17..], Ordinal);
        output.Write(footer);
    }

    /// <summary>Decodes an entry.</summary>
    /// <param name="keyLength">Length of kind and key.</param>
    /// <param name="bytes">The entry.</param>
    /// <exception cref="RecordFormatException">It is not a change.</exception>
    public static ChangeEntry Read(int keyLength, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < FooterLength + 1) throw new RecordFormatException("a change without a footer");
        var footer = bytes.Span[^FooterLength..];
        var length = BinaryPrimitives.ReadInt32LittleEndian(footer);
        var operation = (ChangeOperation)footer[8];
        if (length < keyLength || length > bytes.Length - FooterLength - 1 || operation is < ChangeOperation.Added or > ChangeOperation.Deleted || (operation == ChangeOperation.Deleted && length != keyLength))
            throw new RecordFormatException("the footer of a change does not fit it");
        return new(new(bytes[..length], keyLength), operation, BinaryPrimitives.ReadUInt64LittleEndian(footer[9..]), BinaryPrimitives.ReadUInt32LittleEndian(footer[17..]),
            BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]), Names(bytes.Span[length..^FooterLength]));
    }

    private static IReadOnlyList<string> Names(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [0]) return [];
        var names = new List<string>();
        var left = Number(ref bytes);
        for (; left > 0; left--)
        {
            var length = Number(ref bytes);
            if (length > (ulong)bytes.Length) throw new RecordFormatException("the name of an extra ends behind its change");
            names.Add(System.Text.Encoding.UTF8.GetString(bytes[..(int)length]));
            bytes = bytes[(int)length..];
        }
        return bytes.Length == 0 ? names : throw new RecordFormatException("bytes too many in a change");
    }

    private static ulong Number(ref ReadOnlySpan<byte> bytes)
    {
        var used = Varint.Read(bytes, out var value);
        if (used == 0) throw new RecordFormatException("no number in a change");
        bytes = bytes[used..];
        return value;
    }
}

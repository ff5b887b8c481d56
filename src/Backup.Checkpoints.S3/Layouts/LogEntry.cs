using System.Security.Cryptography;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>A part of an entry that is an object of its own.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
internal readonly record struct EntryPart(string Key, Digest256 Digest);

/// <summary>One change of a unit: an entry of its log (docs/s3.md).</summary>
internal sealed class LogEntry
{
    private const byte Version = 1;

    /// <summary>The unit.</summary>
    public required UnitId Unit { get; init; }
    /// <summary>True when nothing before it counts.</summary>
    public required bool Anew { get; init; }
    /// <summary>Keys of records that it removes.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Removed { get; init; } = [];
    /// <summary>Objects with more of its records.</summary>
    public IReadOnlyList<EntryPart> Parts { get; init; } = [];
    /// <summary>The records it holds itself.</summary>
    public IReadOnlyList<EncodedRecord> Records { get; init; } = [];

    /// <summary>Its bytes.</summary>
    public byte[] Encode()
    {
        var buffer = new RecordBuffer();
        buffer.Begin((RecordKind)Version);
        buffer.Unsigned((ulong)Unit.Kind);
        buffer.Text(Unit.Id);
        buffer.Unsigned(Anew ? 1ul : 0);
        buffer.Unsigned((ulong)Removed.Count);
        foreach (var key in Removed) buffer.Bytes(key.Span);
        buffer.Unsigned((ulong)Parts.Count);
        Span<byte> digest = stackalloc byte[Digest256.Length];
        foreach (var part in Parts)
        {
            buffer.Text(part.Key);
            part.Digest.Write(digest);
            buffer.Bytes(digest);
        }
        foreach (var record in Records) Append(buffer, record);
        SHA256.HashData(buffer.Record.Bytes.Span, digest);
        return [.. buffer.Record.Bytes.Span, .. digest];
    }

    /// <summary>The bytes of a part with these records.</summary>
    public static byte[] EncodePart(IReadOnlyList<EncodedRecord> records)
    {
        var buffer = new RecordBuffer();
        buffer.Begin((RecordKind)Version);
        foreach (var record in records) Append(buffer, record);
        return buffer.Record.Bytes.ToArray();
    }

    /// <summary>Reads an entry of a unit.</summary>
    /// <exception cref="RecordFormatException">It is none, was cut or changed, or is another unit's.</exception>
    public static LogEntry Read(UnitId unit, byte[] bytes)
    {
        if (bytes.Length <= Digest256.Length || Digest256.Of(bytes.AsSpan(0, bytes.Length - Digest256.Length)) != Digest256.Read(bytes.AsSpan(bytes.Length - Digest256.Length)))
            throw new RecordFormatException("an entry that does not have the digest it says");
        var body = bytes.AsMemory(0, bytes.Length - Digest256.Length);
        var reader = Open(body);
        if ((reader.Unsigned(), reader.Text()) != ((ulong)unit.Kind, unit.Id)) throw new RecordFormatException("an entry of another unit");
        var anew = reader.Unsigned() == 1;
        var removed = new List<ReadOnlyMemory<byte>>();
        for (var left = reader.Unsigned(); left > 0; left--) removed.Add(body[reader.Slice()]);
        var parts = new List<EntryPart>();
        for (var left = reader.Unsigned(); left > 0; left--) parts.Add(new(reader.Text(), reader.Bytes() is { Length: Digest256.Length } digest ? Digest256.Read(digest) : throw new RecordFormatException("a part without a digest")));
        return new() { Unit = unit, Anew = anew, Removed = removed, Parts = parts, Records = RecordsFrom(body, reader.Position) };
    }

    /// <summary>Reads a part.</summary>
    /// <exception cref="RecordFormatException">It was cut or changed.</exception>
    public static IReadOnlyList<EncodedRecord> ReadPart(byte[] bytes, EntryPart part)
    {
        if (Digest256.Of(bytes) != part.Digest) throw new RecordFormatException("a part that does not have the digest its entry says");
        return RecordsFrom(bytes, Open(bytes).Position);
    }

    private static RecordReader Open(ReadOnlyMemory<byte> bytes) =>
        bytes.Span[0] == Version ? new(bytes.Span) : throw new RecordFormatException($"an entry of version {bytes.Span[0]}");

    private static void Append(RecordBuffer buffer, EncodedRecord record)
    {
        buffer.Unsigned((ulong)record.KeyLength);
        buffer.Bytes(record.Bytes.Span);
    }

    private static List<EncodedRecord> RecordsFrom(ReadOnlyMemory<byte> body, int from)
    {
        var records = new List<EncodedRecord>();
        var reader = new RecordReader(body.Span, from);
        while (reader.Position < body.Length)
        {
            var keyLength = reader.Unsigned();
            var record = body[reader.Slice()];
            if (keyLength == 0 || keyLength > (ulong)record.Length) throw new RecordFormatException("a key ends behind its record");
            records.Add(new(record, (int)keyLength));
        }
        return records;
    }
}

using System.Buffers.Binary;
using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>Reads the rows of a binary COPY without an allocation per row (PostgreSQL, COPY, Binary Format). Fields are valid until the next row.</summary>
internal sealed class CopyRowReader(NpgsqlRawCopyStream stream, RateLimit? limit) : IRow
{
    private const int Initial = 1 << 20;
    private const int HeaderLength = 19;
    private byte[] buffer = new byte[Initial];
    private int start, end;
    private bool begun;
    private (int Offset, int Length)[] fields = [];

    /// <summary>A field of the current row.</summary>
    public ReadOnlySpan<byte> this[int field] => IsNull(field) ? default : buffer.AsSpan(fields[field].Offset, fields[field].Length);

    /// <summary>True when a field of the current row is null.</summary>
    public bool IsNull(int field) => fields[field].Length < 0;

    /// <summary>Goes to the next row; false at the end.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        if (!begun)
        {
            while (end - start < HeaderLength) await FillAsync(HeaderLength, cancellation);
            start += HeaderLength + BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(15));
            begun = true;
        }
        int missing;
        while ((missing = Parse()) > 0) await FillAsync(missing, cancellation);
        return missing == 0;
    }

    // 0: a row; less: the end; more: so many bytes are needed from the row's start on.
    private int Parse()
    {
        var available = end - start;
        if (available < 2) return 2;
        var count = BinaryPrimitives.ReadInt16BigEndian(buffer.AsSpan(start));
        if (count < 0) return -1;
        if (fields.Length != count) fields = new (int, int)[count];
        var position = 2;
        for (var i = 0; i < count; i++)
        {
            if (available < position + 4) return position + 4;
            var length = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(start + position));
            position += 4;
            fields[i] = (start + position, length);
            if (length > 0) position = checked(position + length);
            if (available < position) return position;
        }
        start += position;
        return 0;
    }

    private async ValueTask FillAsync(int needed, CancellationToken cancellation)
    {
        if (buffer.Length - start < needed || start == end)
        {
            // Rows beyond the buffer make it grow; it shrinks back with the next small row.
            var target = needed > buffer.Length ? new byte[Math.Max(needed, (int)Math.Min(Array.MaxLength, buffer.Length * 2L))]
                : buffer.Length > Initial && needed <= Initial && end - start <= Initial ? new byte[Initial] : buffer;
            buffer.AsSpan(start, end - start).CopyTo(target);
            buffer = target;
            end -= start;
            start = 0;
        }
        while (end - start < needed)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellation);
            if (read == 0) throw new EndOfStreamException("the server ended the data in the middle of a row");
            end += read;
            if (limit is not null) await limit.TakeAsync(read, cancellation);
        }
    }
}

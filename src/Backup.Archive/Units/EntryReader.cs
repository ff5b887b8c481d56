using Backup.Archive.Frames;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Reads the entries of a frame's content one by one.</summary>
internal sealed class EntryReader(FrameReader frame, string name) : IDisposable
{
    private const int ReadSize = 64 * 1024; // below what goes to the large object heap
    private const int Believed = 16 << 20;
    private byte[] buffer = new byte[ReadSize];
    private int start, end;

    /// <summary>Position in the frame's content.</summary>
    public long Position { get; private set; }

    /// <summary>Goes on to <paramref name="position"/>.</summary>
    public async ValueTask SkipToAsync(long position, CancellationToken cancellation)
    {
        if (position < Position) throw Malformed();
        while (Position < position)
        {
            if (start == end) await FillAsync(1, cancellation);
            var step = (int)Math.Min(end - start, position - Position);
            Advance(step);
        }
    }

    /// <summary>Reads the entry at the position, which must end by <paramref name="limit"/>. The memory is valid until the next call.</summary>
    public async ValueTask<(int Tag, ReadOnlyMemory<byte> Bytes)> ReadAsync(long limit, CancellationToken cancellation)
    {
        var headerLength = await HeaderAsync(limit, cancellation);
        var first = Varint.Read(buffer.AsSpan(start, headerLength), out var tag);
        Varint.Read(buffer.AsSpan(start + first, headerLength - first), out var length);
        Advance(headerLength);
        if (tag > int.MaxValue || length > (ulong)(limit - Position) || length > (ulong)Array.MaxLength) throw Malformed();
        await FillAsync((int)length, cancellation);
        var bytes = buffer.AsMemory(start, (int)length);
        Advance((int)length);
        return ((int)tag, bytes);
    }

    /// <summary>Reads the rest of the frame and drops it.</summary>
    public async ValueTask ReadToEndAsync(CancellationToken cancellation)
    {
        Advance(end - start);
        while (await frame.ReadAsync(buffer, cancellation) is > 0 and var read) Position += read;
        start = end = 0;
    }

    public void Dispose() => frame.Dispose();

    private async ValueTask<int> HeaderAsync(long limit, CancellationToken cancellation)
    {
        for (var want = 2; ; want++)
        {
            if (want > limit - Position || want > 2 * Varint.MaxLength) throw Malformed();
            await FillAsync(want, cancellation);
            var available = buffer.AsSpan(start, want);
            var first = Varint.Read(available, out _);
            if (first > 0 && Varint.Read(available[first..], out _) is > 0 and var second) return first + second;
        }
    }

    private async ValueTask FillAsync(int count, CancellationToken cancellation)
    {
        if (end - start >= count) return;
        MakeRoom(count);
        while (end - start < count)
        {
            if (end == buffer.Length) MakeRoom(count);
            var read = await frame.ReadAsync(buffer.AsMemory(end, Math.Min(buffer.Length - end, Math.Max(ReadSize, count - (end - start)))), cancellation);
            if (read == 0) throw Malformed();
            end += read;
        }
    }

    // A length that lies must not allocate: beyond what is believed, the buffer grows with what has come.
    private void MakeRoom(int count)
    {
        var room = (int)Math.Min(count, Math.Max(Believed, 4L * (end - start)));
        if (buffer.Length - start >= room) return;
        // Grown for a large record, the buffer shrinks back as soon as it can.
        var target = room > buffer.Length || (buffer.Length > 64 * ReadSize && count <= ReadSize) ? new byte[Math.Max(ReadSize, room)] : buffer;
        buffer.AsSpan(start, end - start).CopyTo(target);
        buffer = target;
        end -= start;
        start = 0;
    }

    private void Advance(int count)
    {
        start += count;
        Position += count;
    }

    private DamageException Malformed() => new(name, frame.ChunkOffset, "the content of a frame is not what the index says");
}

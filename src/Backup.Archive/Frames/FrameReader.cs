using System.Buffers;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Frames;

/// <summary>The content of one frame as a stream: reads some chunks at a time, opens and decompresses them.</summary>
internal sealed class FrameReader : IDisposable
{
    /// <summary>Fills the buffer with stored bytes from an offset of the object on, or throws a damage error.</summary>
    public delegate ValueTask StoredRead(long offset, Memory<byte> buffer, CancellationToken cancellation);

    private const int StoredChunk = SealedWriter.ChunkLength + ObjectKey.TagLength;
    private const int ReadAhead = 4 * StoredChunk;
    private readonly string name;
    private readonly ObjectKey key;
    private readonly StoredRead read;
    private readonly FrameLocation location;
    private readonly ZstdDecompressor decompressor = new();
    private byte[] stored = [];
    private int storedLength;   // bytes read into the buffer
    private int chunkStart;     // next unopened chunk in the buffer
    private int plainStart, plainEnd; // opened, not yet decompressed
    private long position;      // offset in the object of the next read
    private bool finished;

    public FrameReader(string name, ObjectKey key, FrameLocation location, StoredRead read)
    {
        this.name = name;
        this.key = key;
        this.read = read;
        this.location = location;
        position = location.Offset;
        if (location.Length < ObjectKey.TagLength || (location.Length - 1) % StoredChunk < ObjectKey.TagLength - 1)
            throw new DamageException(name, location.Offset, $"{location.Length} bytes are not a frame");
        decompressor.Begin();
    }

    /// <summary>Offset in the object of the chunk that is being read: what cannot be trusted when reading fails.</summary>
    public long ChunkOffset { get; private set; }

    /// <summary>Fills the buffer; fewer bytes only at the frame's end.</summary>
    /// <exception cref="DamageException">The bytes are not what was sealed.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var total = 0;
        while (total < buffer.Length && !finished)
        {
            if (plainStart == plainEnd) await NextChunkAsync(cancellation);
            var problem = decompressor.Decompress(stored.AsSpan(plainStart, plainEnd - plainStart), buffer.Span[total..],
                out var consumed, out var written, out finished);
            if (problem is not null) throw new DamageException(name, ChunkOffset, $"a frame does not decompress: {problem}");
            plainStart += consumed;
            total += written;
            if (finished && (plainStart != plainEnd || position != location.End || chunkStart != storedLength))
                throw new DamageException(name, ChunkOffset, "a frame goes on behind its end");
        }
        return total;
    }

    /// <summary>How many storage reads a frame of <paramref name="stored"/> bytes takes.</summary>
    public static long ReadsFor(long stored) => (stored + ReadAhead - 1) / ReadAhead;

    /// <summary>Opens every chunk without decompressing: proves that what is stored is what was sealed.</summary>
    public async ValueTask AuthenticateAsync(CancellationToken cancellation)
    {
        while (position != location.End || chunkStart != storedLength) await NextChunkAsync(cancellation);
    }

    /// <summary>Reads the whole frame, of at most <paramref name="limit"/> content bytes.</summary>
    public async ValueTask<byte[]> ReadAllAsync(int limit, CancellationToken cancellation)
    {
        var buffer = new byte[Math.Min(limit + 1, 64 * 1024)];
        var length = 0;
        while (true)
        {
            length += await ReadAsync(buffer.AsMemory(length), cancellation);
            if (length < buffer.Length) return buffer[..length];
            if (length > limit) throw new DamageException(name, location.Offset, $"a frame holds more than {limit} bytes");
            Array.Resize(ref buffer, (int)Math.Min((long)limit + 1, buffer.Length * 4L));
        }
    }

    public void Dispose()
    {
        decompressor.Dispose();
        if (stored.Length > 0) ArrayPool<byte>.Shared.Return(stored);
        stored = [];
    }

    private async ValueTask NextChunkAsync(CancellationToken cancellation)
    {
        if (chunkStart == storedLength)
        {
            if (position == location.End) throw new DamageException(name, location.Offset, "a frame ends too early");
            var length = (int)Math.Min(ReadAhead, location.End - position);
            if (stored.Length < length)
            {
                if (stored.Length > 0) ArrayPool<byte>.Shared.Return(stored);
                stored = ArrayPool<byte>.Shared.Rent(length);
            }
            ChunkOffset = position;
            await read(position, stored.AsMemory(0, length), cancellation);
            storedLength = length;
            chunkStart = 0;
            position += length;
        }
        var size = Math.Min(StoredChunk, storedLength - chunkStart);
        ChunkOffset = position - storedLength + chunkStart;
        plainStart = chunkStart;
        plainEnd = chunkStart + size - ObjectKey.TagLength;
        var last = ChunkOffset + size == location.End;
        if (!key.OpenChunk(location.Offset, ChunkOffset, last, stored.AsSpan(plainStart, plainEnd - plainStart), stored.AsSpan(plainEnd, ObjectKey.TagLength)))
            throw new DamageException(name, ChunkOffset, "a chunk is not authentic: it was changed, moved or cut");
        chunkStart += size;
    }
}

using System.Buffers;
using Backup.Archive.Frames;
using Backup.Archive.Objects;
using Backup.Storage;

namespace Backup.Archive.Sealing;

/// <summary>Writes one sealed object: a header, then frames, each one zstd stream sealed in chunks.</summary>
internal sealed class SealedWriter : IAsyncDisposable
{
    /// <summary>Most bytes of a chunk before its tag.</summary>
    public const int ChunkLength = 1 << 20;
    private readonly IObjectWriter output;
    private readonly ZstdCompressor compressor;
    private readonly ObjectKey key;
    private readonly ObjectReference reference;
    private byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkLength + ObjectKey.TagLength);
    private int filled;
    private long frame;

    private SealedWriter(IObjectWriter output, ZstdCompressor compressor, ObjectKey key, ObjectReference reference)
    {
        this.output = output;
        this.compressor = compressor;
        this.key = key;
        this.reference = reference;
    }

    /// <summary>Bytes written so far.</summary>
    public long Position { get; private set; }

    /// <summary>Starts an object. The compressor stays the caller's.</summary>
    public static async ValueTask<SealedWriter> CreateAsync(OpenedArchive archive, ObjectKind kind, string name, ZstdCompressor compressor, CancellationToken cancellation)
    {
        var header = SealedHeader.Create(archive.Keys, kind, name, out var key, out var reference);
        var output = await archive.Storage.CreateAsync(name, cancellation);
        await output.WriteAsync(header, cancellation);
        return new(output, compressor, key, reference) { Position = header.Length };
    }

    /// <summary>Starts a frame.</summary>
    public void BeginFrame(bool large)
    {
        compressor.Begin(large);
        frame = Position;
        filled = 0;
    }

    /// <summary>Appends to the frame.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> raw, CancellationToken cancellation) => CompressAsync(raw, end: false, cancellation);

    /// <summary>Ends the frame and returns its place.</summary>
    public async ValueTask<FrameLocation> EndFrameAsync(CancellationToken cancellation)
    {
        await CompressAsync(default, end: true, cancellation);
        await SealChunkAsync(last: true, cancellation);
        return new(frame, Position - frame);
    }

    /// <summary>Makes the object durable and visible.</summary>
    public async ValueTask<ObjectReference> CommitAsync(CancellationToken cancellation)
    {
        await output.CommitAsync(cancellation);
        return reference with { Size = Position };
    }

    public async ValueTask DisposeAsync()
    {
        await output.DisposeAsync();
        key.Dispose();
        if (chunk.Length > 0) ArrayPool<byte>.Shared.Return(chunk);
        chunk = [];
    }

    private async ValueTask CompressAsync(ReadOnlyMemory<byte> raw, bool end, CancellationToken cancellation)
    {
        while (true)
        {
            // A full chunk is sealed only when more follows: which chunk is the last must be known when it is sealed.
            if (filled == ChunkLength) await SealChunkAsync(last: false, cancellation);
            var done = compressor.Compress(raw.Span, chunk.AsSpan(filled, ChunkLength - filled), end, out var consumed, out var written);
            raw = raw[consumed..];
            filled += written;
            if (done) return;
        }
    }

    private async ValueTask SealChunkAsync(bool last, CancellationToken cancellation)
    {
        key.SealChunk(frame, Position, last, chunk.AsSpan(0, filled), chunk.AsSpan(filled, ObjectKey.TagLength));
        var length = filled + ObjectKey.TagLength;
        await output.WriteAsync(chunk.AsMemory(0, length), cancellation);
        Position += length;
        filled = 0;
    }
}

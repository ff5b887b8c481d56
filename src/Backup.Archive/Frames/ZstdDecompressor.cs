namespace Backup.Archive.Frames;

/// <summary>One decompression context. Never allocates more than the format's window, whatever a frame asks for.</summary>
internal sealed unsafe class ZstdDecompressor : IDisposable
{
    private nint context;

    public ZstdDecompressor()
    {
        context = ZstdNative.CreateDecompressor();
        if (context == 0) throw new InvalidOperationException("zstd: no memory for a decompression context");
        ZstdNative.Check(ZstdNative.SetDecompressorParameter(context, ZstdNative.DecompressionWindowLogMax, ZstdCompressor.WindowLog));
    }

    /// <summary>Starts a frame.</summary>
    public void Begin() => ZstdNative.Check(ZstdNative.ResetDecompressor(context, ZstdNative.ResetSession));

    /// <summary>Decompresses from <paramref name="input"/> into <paramref name="output"/>.</summary>
    /// <param name="input">Compressed bytes.</param>
    /// <param name="output">Where the content goes.</param>
    /// <param name="consumed">Input bytes taken.</param>
    /// <param name="written">Content bytes made.</param>
    /// <param name="finished">True when the frame is complete.</param>
    /// <returns>Null, or what is wrong with the bytes.</returns>
    public string? Decompress(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written, out bool finished)
    {
        fixed (byte* source = input, destination = output)
        {
            var read = new ZstdNative.Buffer { Data = source, Size = (nuint)input.Length };
            var write = new ZstdNative.Buffer { Data = destination, Size = (nuint)output.Length };
            var hint = ZstdNative.Decompress(context, &write, &read);
            consumed = (int)read.Position;
            written = (int)write.Position;
            finished = hint == 0;
            return ZstdNative.IsError(hint) != 0 ? ZstdNative.Describe(hint) : null;
        }
    }

    public void Dispose()
    {
        if (context != 0) _ = ZstdNative.FreeDecompressor(context);
        context = 0;
        GC.SuppressFinalize(this);
    }

    ~ZstdDecompressor() => Dispose();
}

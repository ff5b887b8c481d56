namespace Backup.Archive.Frames;

/// <summary>One compression context, used frame after frame.</summary>
internal sealed unsafe class ZstdCompressor : IDisposable
{
    /// <summary>Log2 of the window: how far back a repetition is found. A reader needs as much memory.</summary>
    public const int WindowLog = 25;
    private readonly int level;
    private nint context;

    public ZstdCompressor(int level)
    {
        this.level = level;
        context = ZstdNative.CreateCompressor();
        if (context == 0) throw new InvalidOperationException("zstd: no memory for a compression context");
    }

    /// <summary>Starts a frame; <paramref name="large"/> frames get the whole window and long-distance matching.</summary>
    public void Begin(bool large)
    {
        ZstdNative.Check(ZstdNative.ResetCompressor(context, ZstdNative.ResetSession));
        ZstdNative.Check(ZstdNative.SetCompressorParameter(context, ZstdNative.CompressionLevel, level));
        ZstdNative.Check(ZstdNative.SetCompressorParameter(context, ZstdNative.WindowLog, large ? WindowLog : 0));
        ZstdNative.Check(ZstdNative.SetCompressorParameter(context, ZstdNative.LongDistanceMatching, large ? 1 : 0));
    }

    /// <summary>Compresses as much of <paramref name="input"/> as fits into <paramref name="output"/>.</summary>
    /// <returns>True when there is nothing left to do for this call: all input taken and, at the end, all output written.</returns>
    public bool Compress(ReadOnlySpan<byte> input, Span<byte> output, bool end, out int consumed, out int written)
    {
        fixed (byte* source = input, destination = output)
        {
            var read = new ZstdNative.Buffer { Data = source, Size = (nuint)input.Length };
            var write = new ZstdNative.Buffer { Data = destination, Size = (nuint)output.Length };
            var left = ZstdNative.Compress(context, &write, &read, end ? ZstdNative.End : ZstdNative.Continue);
            ZstdNative.Check(left);
            consumed = (int)read.Position;
            written = (int)write.Position;
            return consumed == input.Length && (!end || left == 0);
        }
    }

    public void Dispose()
    {
        if (context != 0) _ = ZstdNative.FreeCompressor(context);
        context = 0;
        GC.SuppressFinalize(this);
    }

    ~ZstdCompressor() => Dispose();
}

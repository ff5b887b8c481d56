using System.Runtime.InteropServices;

namespace Backup.Archive.Frames;

/// <summary>
/// The parts of libzstd's stable C API that are used (zstd.h, 1.5). The managed wrapper of the package that brings
/// the library has no way to reset a context between frames; making one per frame costs more than a small frame's work.
/// </summary>
internal static unsafe partial class ZstdNative
{
    private const string Library = "libzstd";
    public const int CompressionLevel = 100;
    public const int WindowLog = 101;
    public const int LongDistanceMatching = 160;
    public const int DecompressionWindowLogMax = 100;
    public const int ResetSession = 1;
    public const int Continue = 0;
    public const int End = 2;

    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public void* Data;
        public nuint Size;
        public nuint Position;
    }

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    public static partial nint CreateCompressor();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeCompressor(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_setParameter")]
    public static partial nuint SetCompressorParameter(nint context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_reset")]
    public static partial nuint ResetCompressor(nint context, int directive);

    [LibraryImport(Library, EntryPoint = "ZSTD_compressStream2")]
    public static partial nuint Compress(nint context, Buffer* output, Buffer* input, int directive);

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    public static partial nint CreateDecompressor();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    public static partial nuint FreeDecompressor(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_setParameter")]
    public static partial nuint SetDecompressorParameter(nint context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_reset")]
    public static partial nuint ResetDecompressor(nint context, int directive);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint Decompress(nint context, Buffer* output, Buffer* input);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint code);

    [LibraryImport(Library, EntryPoint = "ZSTD_getErrorName")]
    private static partial nint ErrorName(nuint code);

    public static string Describe(nuint code) => Marshal.PtrToStringUTF8(ErrorName(code)) ?? "unknown";

    public static void Check(nuint code)
    {
        if (IsError(code) != 0) throw new InvalidOperationException($"zstd: {Describe(code)}");
    }
}

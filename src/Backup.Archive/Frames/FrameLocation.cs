namespace Backup.Archive.Frames;

/// <summary>Where a frame stands in its object.</summary>
/// <param name="Offset">Offset of its first chunk.</param>
/// <param name="Length">Stored bytes, chunk tags included.</param>
public readonly record struct FrameLocation(long Offset, long Length)
{
    /// <summary>Offset of the first byte behind the frame.</summary>
    public long End => Offset + Length;
}

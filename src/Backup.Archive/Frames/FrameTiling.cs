using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Frames;

/// <summary>Frames must cover an object from the end of its header to its end: no byte is outside a frame, none in two.</summary>
internal static class FrameTiling
{
    /// <exception cref="DamageException">There is a gap, an overlap, or something behind the last frame.</exception>
    public static void Check(string name, long size, List<FrameLocation> frames)
    {
        frames.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        long position = SealedHeader.Length;
        foreach (var frame in frames)
        {
            if (frame.Offset != position) throw new DamageException(name, Math.Min(position, frame.Offset), "the index does not cover the object's frames once each");
            position = frame.End;
        }
        if (position != size) throw new DamageException(name, Math.Min(position, size), $"its frames end at {position}, the object at {size}");
    }
}

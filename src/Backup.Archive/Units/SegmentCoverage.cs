using Backup.Archive.Frames;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Makes sure that an index accounts for every byte of its segments. Memory is O(frames).</summary>
public sealed class SegmentCoverage(IReadOnlyList<ObjectReference> segments)
{
    private readonly HashSet<FrameLocation>[] frames = segments.Select(_ => new HashSet<FrameLocation>()).ToArray();

    /// <summary>Takes an index entry in.</summary>
    public void Add(UnitEntry entry)
    {
        foreach (var piece in entry.Pieces)
            if (piece.Segment < frames.Length) frames[piece.Segment].Add(new(piece.Offset, piece.Length));
    }

    /// <summary>Reads every segment's header and checks that the frames cover the rest; returns what is wrong.</summary>
    public async Task<IReadOnlyList<DamageException>> CheckAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        var problems = new List<DamageException>();
        for (var i = 0; i < segments.Count; i++)
        {
            try
            {
                await SealedHeader.CheckAsync(archive, ObjectKind.Segment, segments[i], cancellation);
                FrameTiling.Check(segments[i].Name, segments[i].Size, [.. frames[i]]);
            }
            catch (DamageException damage)
            {
                problems.Add(damage);
            }
        }
        return problems;
    }
}

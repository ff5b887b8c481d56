using Backup.Archive.Frames;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Takes the entries of units as they are read.</summary>
public interface IUnitHandler
{
    /// <summary>A unit begins.</summary>
    ValueTask BeginAsync(UnitEntry unit, CancellationToken cancellation);

    /// <summary>One entry. Its memory is valid until the call returns.</summary>
    /// <exception cref="FormatException">It is not what an entry should be.</exception>
    ValueTask EntryAsync(int tag, ReadOnlyMemory<byte> bytes, CancellationToken cancellation);

    /// <summary>The unit was read whole.</summary>
    ValueTask EndAsync(CancellationToken cancellation);
}

/// <summary>Reads units of one backup. One frame is open at a time; memory is bounded by the largest entry. One caller at a time.</summary>
public sealed class UnitReader : IDisposable
{
    /// <summary>Read every frame to its end, so that every stored byte is authenticated, also those behind the last unit asked for.</summary>
    public bool WholeFrames { get; init; }

    private readonly OpenedArchive archive;
    private readonly IReadOnlyList<ObjectReference> segments;
    private readonly string index;
    private readonly Dictionary<int, SealedReader> opened = [];

    /// <summary>Creates a reader over a backup's segments.</summary>
    public UnitReader(OpenedArchive archive, BackupManifest manifest)
    {
        this.archive = archive;
        segments = manifest.Segments;
        index = manifest.Index.Object.Name;
    }

    /// <summary>
    /// Groups units so that those of one frame are read together, in the order they stand in it; a unit with several pieces is a group of its own.
    /// </summary>
    public static IEnumerable<IReadOnlyList<UnitEntry>> Group(IEnumerable<UnitEntry> units)
    {
        var all = units.ToList();
        foreach (var group in all.Where(u => u.Pieces.Count == 1).GroupBy(u => (u.Pieces[0].Segment, u.Pieces[0].Offset)).OrderBy(g => g.Key))
            yield return group.OrderBy(u => u.Pieces[0].Start).ToList();
        foreach (var unit in all.Where(u => u.Pieces.Count != 1)) yield return [unit];
    }

    /// <summary>Reads one group.</summary>
    /// <exception cref="DamageException">A byte is not what was written. Units whose end was not reported are not whole.</exception>
    public async ValueTask ReadAsync(IReadOnlyList<UnitEntry> group, IUnitHandler handler, CancellationToken cancellation)
    {
        EntryReader? frame = null;
        Piece current = default;
        try
        {
            foreach (var unit in group)
            {
                await handler.BeginAsync(unit, cancellation);
                foreach (var piece in unit.Pieces)
                {
                    if (frame is null || (piece.Segment, piece.Offset) != (current.Segment, current.Offset))
                    {
                        await CloseAsync(frame, cancellation);
                        frame = Open(piece);
                        current = piece;
                    }
                    await ReadPieceAsync(frame, piece, unit, handler, cancellation);
                }
                if (WholeFrames && unit == group[^1]) await frame!.ReadToEndAsync(cancellation);
                await handler.EndAsync(cancellation);
            }
        }
        catch (FormatException error)
        {
            throw new DamageException(segments[current.Segment].Name, current.Offset, error.Message);
        }
        finally
        {
            frame?.Dispose();
        }
    }

    /// <summary>How many storage reads and bytes reading <paramref name="group"/> takes.</summary>
    public static (long Reads, long Bytes) Cost(IReadOnlyList<UnitEntry> group)
    {
        var frames = group.SelectMany(u => u.Pieces).Select(p => (p.Segment, p.Offset, p.Length)).Distinct().ToList();
        return (frames.Sum(f => FrameReader.ReadsFor(f.Length)), frames.Sum(f => f.Length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var reader in opened.Values) reader.Dispose();
    }

    private async ValueTask ReadPieceAsync(EntryReader frame, Piece piece, UnitEntry unit, IUnitHandler handler, CancellationToken cancellation)
    {
        await frame.SkipToAsync(piece.Start, cancellation);
        var limit = piece.Start + piece.Size;
        var (tag, mark) = await frame.ReadAsync(limit, cancellation);
        if (tag != 0 || !mark.Span.SequenceEqual(unit.Key))
            throw new DamageException(segments[piece.Segment].Name, piece.Offset, "another unit stands where the index says this one is");
        while (frame.Position < limit)
        {
            var entry = await frame.ReadAsync(limit, cancellation);
            if (entry.Tag == 0) throw new DamageException(segments[piece.Segment].Name, piece.Offset, "a unit ends before the index says so");
            if (entry.Tag > entry.Bytes.Length || entry.Bytes.Span[0] is 0 or > UnitEntry.RecordKinds)
                throw new DamageException(segments[piece.Segment].Name, piece.Offset, "an entry of a unit is not a record");
            await handler.EntryAsync(entry.Tag, entry.Bytes, cancellation);
        }
    }

    private async ValueTask CloseAsync(EntryReader? frame, CancellationToken cancellation)
    {
        if (frame is null) return;
        if (WholeFrames) await frame.ReadToEndAsync(cancellation);
        frame.Dispose();
    }

    private EntryReader Open(Piece piece)
    {
        if (piece.Segment >= segments.Count) throw new DamageException(index, 0, $"the index names segment {piece.Segment} of {segments.Count}");
        if (!opened.TryGetValue(piece.Segment, out var segment))
            opened[piece.Segment] = segment = SealedReader.Open(archive, ObjectKind.Segment, segments[piece.Segment]);
        return new(segment.Frame(new(piece.Offset, piece.Length)), segment.Name);
    }
}

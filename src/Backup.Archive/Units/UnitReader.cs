using Backup.Archive.Chains;
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

/// <summary>Reads units of a backup, through the chain it builds on. A frame of each layer stays open, so that the next unit is found further on in it; memory is bounded by them and by the largest entry. One caller at a time.</summary>
public sealed class UnitReader : IDisposable
{
    /// <summary>Read every frame to its end, so that every stored byte is authenticated, also those behind the last unit asked for.</summary>
    public bool WholeFrames { get; init; }

    private readonly OpenedArchive archive;
    private readonly BackupChain chain;
    private readonly Dictionary<(int Member, int Segment), SealedReader> opened = [];
    private readonly Dictionary<int, OpenFrame> frames = []; // by member
    private const int MostFrames = 16; // more than the layers a compacted chain has

    /// <summary>Creates a reader over the segments of a chain.</summary>
    public UnitReader(OpenedArchive archive, BackupChain chain)
    {
        this.archive = archive;
        this.chain = chain;
    }

    /// <summary>
    /// Groups units so that those of one frame are read together, in the order they stand in it; a unit with several pieces or layers is a group of its own.
    /// </summary>
    public static IEnumerable<IReadOnlyList<UnitEntry>> Group(IEnumerable<UnitEntry> units)
    {
        var all = units.ToList();
        foreach (var group in all.Where(StandsAlone).GroupBy(u => (u.Member, u.Pieces[0].Segment, u.Pieces[0].Offset)).OrderBy(g => g.Key))
            yield return group.OrderBy(u => u.Pieces[0].Start).ToList();
        foreach (var unit in all.Where(u => !StandsAlone(u))) yield return [unit];
    }

    /// <summary>Orders units so that whoever reads them all goes forward through the frames of the oldest layers, where most of what there is stands.</summary>
    public static IReadOnlyList<UnitEntry> InOrder(IEnumerable<UnitEntry> units) => [.. units.OrderBy(unit =>
    {
        var lowest = Layers(unit).Last();
        return (-lowest.Member, lowest.Pieces[0].Segment, lowest.Pieces[0].Offset, lowest.Pieces[0].Start);
    })];

    /// <summary>Reads one group.</summary>
    /// <exception cref="DamageException">A byte is not what was written. Units whose end was not reported are not whole.</exception>
    public async ValueTask ReadAsync(IReadOnlyList<UnitEntry> group, IUnitHandler handler, CancellationToken cancellation)
    {
        (int Member, Piece Piece) current = default;
        try
        {
            foreach (var unit in group)
            {
                await handler.BeginAsync(unit, cancellation);
                // The newest layer first: a record of a key that a newer layer has is not the unit's any more.
                var newer = unit.Below is null ? null : new HashSet<byte[]>(KeyBytes.Comparer);
                for (var layer = unit; layer is not null; layer = layer.Below)
                {
                    foreach (var piece in layer.Pieces)
                    {
                        current = (layer.Member, piece);
                        await ReadPieceAsync(await FrameAsync(layer.Member, piece, cancellation), layer, piece, newer, handler, cancellation);
                    }
                }
                // What is wrong with the rest of a frame is told of the units that were asked for.
                if (WholeFrames && unit == group[^1]) await CloseAsync(cancellation);
                await handler.EndAsync(cancellation);
            }
        }
        catch (FormatException error)
        {
            Drop();
            throw new DamageException(chain.Members[current.Member].Segments[current.Piece.Segment].Name, current.Piece.Offset, error.Message);
        }
        catch
        {
            Drop();
            throw;
        }
    }

    /// <summary>How many storage reads and bytes reading <paramref name="group"/> takes.</summary>
    public static (long Reads, long Bytes) Cost(IReadOnlyList<UnitEntry> group)
    {
        var frames = group.SelectMany(Layers).SelectMany(l => l.Pieces.Select(p => (l.Member, p.Segment, p.Offset, p.Length))).Distinct().ToList();
        return (frames.Sum(f => FrameReader.ReadsFor(f.Length)), frames.Sum(f => f.Length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Drop();
        foreach (var reader in opened.Values) reader.Dispose();
    }

    private async ValueTask ReadPieceAsync(EntryReader frame, UnitEntry layer, Piece piece, HashSet<byte[]>? newer, IUnitHandler handler, CancellationToken cancellation)
    {
        await frame.SkipToAsync(piece.Start, cancellation);
        var limit = piece.Start + piece.Size;
        var (tag, mark) = await frame.ReadAsync(limit, cancellation);
        if (tag != 0 || !mark.Span.SequenceEqual(layer.Key)) throw Damage(layer, piece, "another unit stands where the index says this one is");
        while (frame.Position < limit)
        {
            var entry = await frame.ReadAsync(limit, cancellation);
            if (entry.Tag == 0) throw Damage(layer, piece, "a unit ends before the index says so");
            if (entry.Tag > entry.Bytes.Length || entry.Bytes.Span[0] is 0 or > UnitEntry.RecordKinds) throw Damage(layer, piece, "an entry of a unit is not a record");
            if (newer is not null && IsReplaced(newer, entry.Bytes[..entry.Tag], remember: layer.Below is not null)) continue;
            await handler.EntryAsync(entry.Tag, entry.Bytes, cancellation);
        }
    }

    private static bool IsReplaced(HashSet<byte[]> newer, ReadOnlyMemory<byte> key, bool remember)
    {
        var found = newer.GetAlternateLookup<ReadOnlySpan<byte>>();
        return remember ? !found.Add(key.Span) : found.Contains(key.Span);
    }

    private static bool StandsAlone(UnitEntry unit) => unit.Pieces.Count == 1 && unit.Below is null;

    private static IEnumerable<UnitEntry> Layers(UnitEntry unit)
    {
        for (var layer = unit; layer is not null; layer = layer.Below) yield return layer;
    }

    private DamageException Damage(UnitEntry layer, Piece piece, string problem) =>
        new(chain.Members[layer.Member].Segments[piece.Segment].Name, piece.Offset, problem);

    private async ValueTask<EntryReader> FrameAsync(int member, Piece piece, CancellationToken cancellation)
    {
        if (frames.TryGetValue(member, out var open))
        {
            if ((open.Segment, open.Offset) == (piece.Segment, piece.Offset) && piece.Start >= open.Reader.Position) return open.Reader;
            frames.Remove(member);
            using (open.Reader)
                if (WholeFrames) await open.Reader.ReadToEndAsync(cancellation);
        }
        if (frames.Count == MostFrames) await CloseAsync(cancellation);
        return (frames[member] = new(Open(member, piece), piece.Segment, piece.Offset)).Reader;
    }

    private async ValueTask CloseAsync(CancellationToken cancellation)
    {
        if (WholeFrames)
            foreach (var open in frames.Values) await open.Reader.ReadToEndAsync(cancellation);
        Drop();
    }

    private void Drop()
    {
        foreach (var open in frames.Values) open.Reader.Dispose();
        frames.Clear();
    }

    private EntryReader Open(int member, Piece piece)
    {
        var segments = chain.Members[member].Segments;
        if (piece.Segment >= segments.Count)
            throw new DamageException(chain.Members[member].Index.Object.Name, 0, $"the index names segment {piece.Segment} of {segments.Count}");
        if (!opened.TryGetValue((member, piece.Segment), out var segment))
            opened[(member, piece.Segment)] = segment = SealedReader.Open(archive, ObjectKind.Segment, segments[piece.Segment]);
        return new(segment.Frame(new(piece.Offset, piece.Length)), segment.Name);
    }

    private readonly record struct OpenFrame(EntryReader Reader, int Segment, long Offset);
}

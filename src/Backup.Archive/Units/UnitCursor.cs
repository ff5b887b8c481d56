using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Goes through the units of a set in the order of their keys and reads those that are wanted. A frame that several of them share is opened once.</summary>
public sealed class UnitCursor : IAsyncDisposable
{
    private readonly OpenedArchive archive;
    private readonly UnitSet set;
    private readonly IndexReader index;
    private readonly IAsyncEnumerator<UnitEntry> entries;
    private SealedReader? segment;
    private int segmentNumber = -1;
    private EntryReader? frame;
    private long frameOffset = -1;

    /// <summary>True to read every frame to its end, so that no byte of it is left unchecked.</summary>
    public bool WholeFrames { get; init; }

    /// <summary>Opens a set. Reads nothing yet.</summary>
    public UnitCursor(OpenedArchive archive, UnitSet set, CancellationToken cancellation)
    {
        this.archive = archive;
        this.set = set;
        index = new(archive, set.Index);
        entries = index.ReadAllAsync(cancellation).GetAsyncEnumerator(cancellation);
    }

    /// <summary>The unit the cursor stands at.</summary>
    public UnitEntry Current => entries.Current;

    /// <summary>Goes to the next unit; false at the end.</summary>
    public async ValueTask<bool> MoveAsync(CancellationToken cancellation)
    {
        if (await entries.MoveNextAsync()) return true;
        await CloseAsync(cancellation);
        return false;
    }

    /// <summary>Reads the entries of the current unit, once, in the order they were written.</summary>
    /// <exception cref="DamageException">A byte is not what was written.</exception>
    public async ValueTask ReadAsync(Func<int, ReadOnlyMemory<byte>, ValueTask> entry, CancellationToken cancellation)
    {
        foreach (var piece in Current.Pieces)
        {
            if (piece.Segment >= set.Segments.Count) throw new DamageException(set.Index.Object.Name, 0, $"the index names segment {piece.Segment} of {set.Segments.Count}");
            await OpenAsync(piece, cancellation);
            try
            {
                await frame!.SkipToAsync(piece.Start, cancellation);
                var limit = piece.Start + piece.Size;
                var (tag, mark) = await frame.ReadAsync(limit, cancellation);
                if (tag != 0 || !mark.Span.SequenceEqual(Current.Key)) throw Damage(piece, "another unit stands where the index says this one is");
                while (frame.Position < limit)
                {
                    var (length, bytes) = await frame.ReadAsync(limit, cancellation);
                    if (length == 0 || length > bytes.Length || bytes.Span[0] is 0 or > UnitEntry.RecordKinds) throw Damage(piece, "an entry of a unit is not a record");
                    await entry(length, bytes);
                }
            }
            catch (FormatException error)
            {
                throw Damage(piece, error.Message);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        frame?.Dispose();
        segment?.Dispose();
        await entries.DisposeAsync();
        index.Dispose();
    }

    private async ValueTask OpenAsync(Piece piece, CancellationToken cancellation)
    {
        if (frame is not null && piece.Segment == segmentNumber && piece.Offset == frameOffset && piece.Start >= frame.Position) return;
        await CloseAsync(cancellation);
        if (piece.Segment != segmentNumber)
        {
            segment?.Dispose();
            segment = SealedReader.Open(archive, ObjectKind.Segment, set.Segments[piece.Segment]);
            segmentNumber = piece.Segment;
        }
        frame = new(segment!.Frame(new(piece.Offset, piece.Length)), segment.Name);
        frameOffset = piece.Offset;
    }

    private async ValueTask CloseAsync(CancellationToken cancellation)
    {
        if (frame is null) return;
        if (WholeFrames) await frame.ReadToEndAsync(cancellation);
        frame.Dispose();
        frame = null;
    }

    private DamageException Damage(Piece piece, string problem) => new(set.Segments[piece.Segment].Name, piece.Offset, problem);
}

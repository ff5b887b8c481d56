using Backup.Archive.Frames;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>
/// Writes units: packed into frames, frames into segments, and at the end the index that finds them. Small units share a frame; a
/// unit beyond the frame target has frames of its own. Not safe for concurrent calls.
/// </summary>
public class UnitWriter : IAsyncDisposable
{
    /// <summary>Content bytes up to which small units share a frame: what reading one of them costs at most.</summary>
    public const int FrameTarget = 1 << 20;
    private const long FrameLimit = 256L << 20;
    private const long SegmentTarget = 64L << 20;
    private static readonly TimeSpan SegmentAge = TimeSpan.FromSeconds(20);

    private readonly OpenedArchive archive;
    private readonly string prefix;
    private readonly TimeProvider time;
    private readonly ZstdCompressor compressor;
    private readonly List<ObjectReference> segments = [];
    private readonly List<UnitEntry> finished = [];
    private readonly List<OpenUnit> sharing = [];
    private readonly List<FrameLocation> frames = []; // of the current segment, for reading it back
    private readonly EntryBuffer pending = new();

    private SealedWriter? segment;
    private long segmentOpened;
    private bool frameOpen;
    private long frameRaw;

    private byte[] unitKey = [];
    private long unitRaw;
    private bool alone;
    private List<Piece> pieces = [];

    /// <summary>Starts writing objects whose names begin with <paramref name="prefix"/>, which no other writer uses.</summary>
    public UnitWriter(OpenedArchive archive, string prefix, TimeProvider time)
    {
        this.archive = archive;
        this.prefix = prefix;
        this.time = time;
        compressor = new(archive.CompressionLevel);
    }

    /// <summary>Bytes in finished segments and the current one.</summary>
    public long StoredBytes => segments.Sum(s => s.Size) + (segment?.Position ?? 0);

    /// <summary>Starts a unit.</summary>
    public void BeginUnit(byte[] key)
    {
        unitKey = key;
        unitRaw = 0;
        pieces = [];
        alone = false;
        pending.Clear();
        pending.Add(0, key);
    }

    /// <summary>Appends an entry to the unit. The tag, at least 1, comes back with the bytes when they are read.</summary>
    public ValueTask WriteAsync(int tag, ReadOnlyMemory<byte> entry, CancellationToken cancellation)
    {
        pending.Add(tag, entry.Span);
        unitRaw += entry.Length;
        return pending.Length > FrameTarget ? SpillAsync(cancellation) : default;
    }

    /// <summary>Ends the unit.</summary>
    /// <param name="summary">Counts and digests of the whole unit, kept in the index.</param>
    /// <param name="cancellation">Cancels.</param>
    public ValueTask EndUnitAsync(byte[] summary, CancellationToken cancellation) => EndUnitAsync(summary, UnitForm.Whole, unitRaw, cancellation);

    /// <summary>Ends a unit of which only what changed was written.</summary>
    /// <param name="summary">Counts and digests of the whole unit.</param>
    /// <param name="rawBytes">Bytes of the whole unit's records.</param>
    /// <param name="cancellation">Cancels.</param>
    public ValueTask EndDeltaAsync(byte[] summary, long rawBytes, CancellationToken cancellation) => EndUnitAsync(summary, UnitForm.Delta, rawBytes, cancellation);

    /// <summary>Says that the base holds a unit which is gone.</summary>
    public void Gone(byte[] key) => finished.Add(new(key, [], 0, [], UnitForm.Gone));

    private async ValueTask EndUnitAsync(byte[] summary, UnitForm form, long rawBytes, CancellationToken cancellation)
    {
        if (alone)
        {
            await FlushAsync(cancellation);
            await EndFrameAsync(cancellation);
            finished.Add(new(unitKey, summary, rawBytes, pieces, form));
            return;
        }
        if (frameOpen && frameRaw + pending.Length > FrameTarget) await EndFrameAsync(cancellation);
        if (!frameOpen) await BeginFrameAsync(large: false, cancellation);
        sharing.Add(new(unitKey, summary, form, rawBytes, frameRaw, pending.Length));
        await FlushAsync(cancellation);
    }

    /// <summary>Ends a unit of which changes were written, as a log has them.</summary>
    /// <param name="summary">Counts and digests of the changes.</param>
    /// <param name="cancellation">Cancels.</param>
    public ValueTask EndChangesAsync(byte[] summary, CancellationToken cancellation) => EndUnitAsync(summary, UnitForm.Changes, unitRaw, cancellation);

    /// <summary>Writes what is left and the index.</summary>
    /// <param name="count">What a unit adds to the totals.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<UnitSet> CompleteAsync(Func<UnitEntry, Totals> count, CancellationToken cancellation)
    {
        if (frameOpen) await EndFrameAsync(cancellation);
        await CloseSegmentAsync(cancellation);
        finished.Sort((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        var totals = Totals.None;
        await using var index = await IndexWriter.CreateAsync(archive, ObjectNames.IndexOf(prefix), compressor, cancellation);
        foreach (var entry in finished)
        {
            totals += count(entry);
            await index.AddAsync(entry, cancellation);
        }
        return new(segments, await index.CompleteAsync(cancellation), totals);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (segment is not null) await segment.DisposeAsync();
        compressor.Dispose();
        GC.SuppressFinalize(this);
    }

    // The unit turned out to be large: from here on it has frames of its own.
    private async ValueTask SpillAsync(CancellationToken cancellation)
    {
        if (!alone)
        {
            if (frameOpen) await EndFrameAsync(cancellation);
            alone = true;
            await BeginFrameAsync(large: true, cancellation);
        }
        else if (frameRaw > FrameLimit || segment!.Position > SegmentTarget)
        {
            // What is pending begins the next frame, behind a new mark of the unit.
            await EndFrameAsync(cancellation);
            await BeginFrameAsync(large: true, cancellation);
            var mark = new EntryBuffer();
            mark.Add(0, unitKey);
            await segment!.WriteAsync(mark.Bytes, cancellation);
            frameRaw += mark.Length;
        }
        await FlushAsync(cancellation);
    }

    private async ValueTask FlushAsync(CancellationToken cancellation)
    {
        await segment!.WriteAsync(pending.Bytes, cancellation);
        frameRaw += pending.Length;
        pending.Clear();
    }

    private async ValueTask BeginFrameAsync(bool large, CancellationToken cancellation)
    {
        if (segment is not null && (segment.Position > SegmentTarget || time.GetElapsedTime(segmentOpened) > SegmentAge))
            await CloseSegmentAsync(cancellation);
        if (segment is null)
        {
            segment = await SealedWriter.CreateAsync(archive, ObjectKind.Segment, ObjectNames.SegmentOf(prefix, segments.Count), compressor, cancellation);
            segmentOpened = time.GetTimestamp();
        }
        segment.BeginFrame(large);
        frameOpen = true;
        frameRaw = 0;
    }

    private async ValueTask EndFrameAsync(CancellationToken cancellation)
    {
        var frame = await segment!.EndFrameAsync(cancellation);
        frameOpen = false;
        frames.Add(frame);
        if (alone) pieces.Add(new(segments.Count, frame.Offset, frame.Length, 0, frameRaw));
        foreach (var unit in sharing)
            finished.Add(new(unit.Key, unit.Summary, unit.Raw, [new(segments.Count, frame.Offset, frame.Length, unit.Start, unit.Size)], unit.Form));
        sharing.Clear();
    }

    private async ValueTask CloseSegmentAsync(CancellationToken cancellation)
    {
        if (segment is null) return;
        var reference = await segment.CommitAsync(cancellation);
        await segment.DisposeAsync();
        segment = null;
        Failpoint.Reach("capture.segment");
        using (var reader = SealedReader.Open(archive, ObjectKind.Segment, reference))
        {
            foreach (var location in frames)
            {
                using var frame = reader.Frame(location);
                await frame.AuthenticateAsync(cancellation);
            }
        }
        frames.Clear();
        segments.Add(reference);
    }

    private readonly record struct OpenUnit(byte[] Key, byte[] Summary, UnitForm Form, long Raw, long Start, long Size);
}

/// <summary>What was written of units: segments and the index over them.</summary>
/// <param name="Segments">The segments, numbered by their place.</param>
/// <param name="Index">The index.</param>
/// <param name="Totals">Totals of the units.</param>
public sealed record UnitSet(IReadOnlyList<ObjectReference> Segments, IndexReference Index, Totals Totals);

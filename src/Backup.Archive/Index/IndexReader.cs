using System.Runtime.CompilerServices;
using Backup.Archive.Frames;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>Reads an index: one unit, or all of them page by page.</summary>
public sealed class IndexReader : IDisposable
{
    private const int MaxLevels = 8;
    private readonly SealedReader source;
    private readonly OpenedArchive archive;
    private readonly IndexReference index;

    /// <summary>Opens an index of <paramref name="archive"/>. Reads nothing yet.</summary>
    public IndexReader(OpenedArchive archive, IndexReference index)
    {
        this.archive = archive;
        this.index = index;
        source = SealedReader.Open(archive, ObjectKind.Index, index.Object);
    }

    /// <summary>The entry of a unit, or null. Reads one page a level.</summary>
    public async ValueTask<UnitEntry?> FindAsync(byte[] key, CancellationToken cancellation)
    {
        var at = new FrameLocation(index.RootOffset, index.RootLength);
        for (var depth = 0; depth < MaxLevels; depth++)
        {
            var page = await ReadAsync(at, cancellation);
            if (page.Units is { } units) return units.Find(u => u.Key.AsSpan().SequenceEqual(key));
            var below = page.Pages!.FindLast(p => p.FirstKey.AsSpan().SequenceCompareTo(key) <= 0);
            if (below is null) return null;
            at = new(below.Offset, below.Length);
        }
        throw TooDeep(at);
    }

    /// <summary>The leaf pages in order, without reading them.</summary>
    public async IAsyncEnumerable<LeafPage> LeavesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var stack = new Stack<(FrameLocation At, long Units, int Depth)>();
        stack.Push((new(index.RootOffset, index.RootLength), -1, 0));
        while (stack.TryPop(out var next))
        {
            if (next.Depth > MaxLevels) throw TooDeep(next.At);
            var page = await ReadAsync(next.At, cancellation);
            if (page.Level == 0)
            {
                // Only a root that is itself a leaf comes here; leaves below another page are not read.
                yield return new(next.At.Offset, next.At.Length, page.Units!.Count);
                continue;
            }
            if (page.Level == 1)
            {
                foreach (var leaf in page.Pages!) yield return new(leaf.Offset, leaf.Length, leaf.Units);
                continue;
            }
            for (var i = page.Pages!.Count - 1; i >= 0; i--)
                stack.Push((new(page.Pages[i].Offset, page.Pages[i].Length), page.Pages[i].Units, next.Depth + 1));
        }
    }

    /// <summary>The entries of one leaf page.</summary>
    public async ValueTask<IReadOnlyList<UnitEntry>> ReadLeafAsync(LeafPage leaf, CancellationToken cancellation)
    {
        var page = await ReadAsync(new(leaf.Offset, leaf.Length), cancellation);
        return page.Units ?? throw new DamageException(source.Name, leaf.Offset, "a page of the index is on another level than its parent says");
    }

    /// <summary>Every entry in order, a page at a time.</summary>
    public async IAsyncEnumerable<UnitEntry> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var leaf in LeavesAsync(cancellation))
            foreach (var entry in await ReadLeafAsync(leaf, cancellation))
                yield return entry;
    }

    /// <summary>Reads the header and every page, and checks order, counts and that nothing lies between the pages.</summary>
    /// <exception cref="DamageException">A page is not authentic, out of order, or pages overlap or leave gaps.</exception>
    public async ValueTask CheckAsync(CancellationToken cancellation)
    {
        var frames = new List<FrameLocation>();
        byte[]? last = null;
        async ValueTask VisitAsync(FrameLocation at, int? level, byte[]? first, long? units)
        {
            frames.Add(at);
            if (frames.Count > 1 << 24) throw TooDeep(at);
            var page = await ReadAsync(at, cancellation);
            if (level is { } expected && page.Level != expected) throw Malformed(at);
            long count = 0;
            foreach (var unit in page.Units ?? [])
            {
                if (last is not null && last.AsSpan().SequenceCompareTo(unit.Key) >= 0) throw Malformed(at);
                if (count == 0 && first is not null && !first.AsSpan().SequenceEqual(unit.Key)) throw Malformed(at);
                last = unit.Key;
                count++;
            }
            foreach (var below in page.Pages ?? [])
            {
                await VisitAsync(new(below.Offset, below.Length), page.Level - 1, below.FirstKey, below.Units);
                count += below.Units;
            }
            if (units is { } named && named != count) throw Malformed(at);
        }
        await SealedHeader.CheckAsync(archive, ObjectKind.Index, index.Object, cancellation);
        await VisitAsync(new(index.RootOffset, index.RootLength), null, null, null);
        FrameTiling.Check(source.Name, index.Object.Size, frames);
    }

    /// <inheritdoc/>
    public void Dispose() => source.Dispose();

    private async ValueTask<(int Level, List<UnitEntry>? Units, List<PageEntry>? Pages)> ReadAsync(FrameLocation at, CancellationToken cancellation)
    {
        using var frame = source.Frame(at);
        var bytes = await frame.ReadAllAsync(IndexPage.ReadLimit, cancellation);
        return Decode(bytes, at);
    }

    private (int Level, List<UnitEntry>? Units, List<PageEntry>? Pages) Decode(byte[] bytes, FrameLocation at)
    {
        if (bytes.Length == 0 || bytes[0] > MaxLevels) throw Malformed(at);
        int level = bytes[0];
        var reader = new PageReader(bytes.AsSpan(1), source.Name, at.Offset);
        var count = reader.Number();
        if (count > (ulong)bytes.Length) throw Malformed(at);
        List<UnitEntry>? units = level == 0 ? [] : null;
        List<PageEntry>? pages = level == 0 ? null : [];
        for (ulong i = 0; i < count; i++)
        {
            var key = reader.Bytes();
            if (pages is not null)
            {
                pages.Add(new(key, reader.Count(), reader.Count(), reader.Count()));
                continue;
            }
            var summary = reader.Bytes();
            var raw = reader.Count();
            var pieceCount = reader.Number();
            if (pieceCount > (ulong)bytes.Length) throw Malformed(at);
            var pieces = new Piece[pieceCount];
            for (var p = 0; p < pieces.Length; p++)
                pieces[p] = new(checked((int)Math.Min(reader.Count(), int.MaxValue)), reader.Count(), reader.Count(), reader.Count(), reader.Count());
            units!.Add(new(key, summary, raw, pieces));
        }
        reader.End();
        return (level, units, pages);
    }

    private DamageException Malformed(FrameLocation at) => new(source.Name, at.Offset, "a page of the index is not well formed");

    private DamageException TooDeep(FrameLocation at) => new(source.Name, at.Offset, "the index has more levels than any index has");
}

/// <summary>Where a leaf page is and how many units it holds.</summary>
/// <param name="Offset">Offset of its frame.</param>
/// <param name="Length">Stored length of its frame.</param>
/// <param name="Units">Units on it.</param>
public readonly record struct LeafPage(long Offset, long Length, long Units);

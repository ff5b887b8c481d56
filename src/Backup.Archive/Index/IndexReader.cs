using System.Runtime.CompilerServices;
using Backup.Archive.Frames;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>Reads an index: one unit, or all of them page by page.</summary>
public sealed class IndexReader : IDisposable
{
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
        var page = await ReadAsync(at, cancellation);
        while (page.Pages is { } pages)
        {
            var below = pages.FindLast(p => p.FirstKey.AsSpan().SequenceCompareTo(key) <= 0);
            if (below is null) return null;
            at = new(below.Offset, below.Length);
            var level = page.Level - 1;
            page = await ReadAsync(at, cancellation);
            if (page.Level != level) throw Malformed(at);
        }
        return page.Units!.Find(u => u.Key.AsSpan().SequenceEqual(key));
    }

    /// <summary>The leaf pages in order, without reading them.</summary>
    public async IAsyncEnumerable<LeafPage> LeavesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var order = new PageOrder();
        var stack = new Stack<(FrameLocation At, int? Level)>();
        stack.Push((new(index.RootOffset, index.RootLength), null));
        while (stack.TryPop(out var next))
        {
            var page = await ReadAsync(next.At, cancellation);
            if (next.Level is { } level && page.Level != level) throw Malformed(next.At);
            // Only a root that is itself a leaf is read here; leaves below another page are not.
            if (page.Units is { } units) yield return new(next.At.Offset, next.At.Length, units.Count);
            foreach (var below in page.Pages ?? [])
            {
                if (!order.Follows(page.Level - 1, below)) throw Malformed(next.At);
                if (page.Level == 1) yield return new(below.Offset, below.Length, below.Units);
            }
            if (page.Level < 2) continue;
            for (var i = page.Pages!.Count - 1; i >= 0; i--) stack.Push((new(page.Pages[i].Offset, page.Pages[i].Length), page.Level - 1));
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
        var order = new PageOrder();
        byte[]? last = null;
        async ValueTask<long> VisitAsync(FrameLocation at, int? level, byte[]? first)
        {
            frames.Add(at);
            var page = await ReadAsync(at, cancellation);
            if (level is { } expected && page.Level != expected) throw Malformed(at);
            if (page.Units is { } units)
            {
                if (first is not null && (units.Count == 0 || !first.AsSpan().SequenceEqual(units[0].Key))) throw Malformed(at);
                if (last is not null && last.AsSpan().SequenceCompareTo(units[0].Key) >= 0) throw Malformed(at);
                if (units.Count > 0) last = units[^1].Key;
                return units.Count;
            }
            long count = 0;
            if (first is not null && !first.AsSpan().SequenceEqual(page.Pages![0].FirstKey)) throw Malformed(at);
            foreach (var below in page.Pages!)
            {
                if (!order.Follows(page.Level - 1, below)) throw Malformed(at);
                if (await VisitAsync(new(below.Offset, below.Length), page.Level - 1, below.FirstKey) != below.Units) throw Malformed(at);
                count += below.Units;
            }
            return count;
        }
        await SealedHeader.CheckAsync(archive, ObjectKind.Index, index.Object, cancellation);
        await VisitAsync(new(index.RootOffset, index.RootLength), null, null);
        FrameTiling.Check(source.Name, index.Object.Size, frames);
    }

    /// <inheritdoc/>
    public void Dispose() => source.Dispose();

    private async ValueTask<DecodedPage> ReadAsync(FrameLocation at, CancellationToken cancellation)
    {
        using var frame = source.Frame(at);
        return DecodedPage.Of(await frame.ReadAllAsync(IndexPage.ReadLimit, cancellation), source.Name, at.Offset);
    }

    private DamageException Malformed(FrameLocation at) => new(source.Name, at.Offset, "a page of the index is not well formed");

    // The pages of a level stand in the order of their keys: so none is reached twice, whatever the pages say.
    private sealed class PageOrder
    {
        private readonly long[] ends = new long[DecodedPage.MaxLevel];

        public bool Follows(int level, PageEntry page)
        {
            if (page.Offset < ends[level]) return false;
            ends[level] = page.Offset + page.Length;
            return true;
        }
    }
}

/// <summary>Where a leaf page is and how many units it holds.</summary>
/// <param name="Offset">Offset of its frame.</param>
/// <param name="Length">Stored length of its frame.</param>
/// <param name="Units">Units on it.</param>
public readonly record struct LeafPage(long Offset, long Length, long Units);

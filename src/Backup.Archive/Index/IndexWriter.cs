using Backup.Archive.Frames;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;

namespace Backup.Archive.Index;

/// <summary>
/// Writes an index from entries in key order: leaf pages as they fill, then pages over them, level by level, the root last.
/// Two levels reach to some 200,000 units, a third to some hundred million.
/// </summary>
internal sealed class IndexWriter : IAsyncDisposable
{
    private readonly SealedWriter output;
    private readonly List<PageEntry> leaves = [];
    private IndexPage page = new(0);
    private byte[]? lastKey;

    private IndexWriter(SealedWriter output) => this.output = output;

    public static async ValueTask<IndexWriter> CreateAsync(OpenedArchive archive, string name, ZstdCompressor compressor, CancellationToken cancellation) =>
        new(await SealedWriter.CreateAsync(archive, ObjectKind.Index, name, compressor, cancellation));

    public async ValueTask AddAsync(UnitEntry entry, CancellationToken cancellation)
    {
        if (lastKey is not null && lastKey.AsSpan().SequenceCompareTo(entry.Key) >= 0)
            throw new InvalidOperationException($"index entries must come in the order of their keys, each key once: {Convert.ToHexStringLower(entry.Key)} came behind {Convert.ToHexStringLower(lastKey)}");
        lastKey = entry.Key;
        if (page.TryAdd(entry)) return;
        leaves.Add(await WriteAsync(page, cancellation));
        page = new(0);
        page.TryAdd(entry);
    }

    public async ValueTask<IndexReference> CompleteAsync(CancellationToken cancellation)
    {
        var below = leaves;
        if (!page.IsEmpty || below.Count == 0) below.Add(await WriteAsync(page, cancellation));
        for (var level = 1; below.Count > 1; level++)
        {
            var above = new List<PageEntry>();
            var parent = new IndexPage(level);
            foreach (var entry in below)
            {
                if (parent.TryAdd(entry)) continue;
                above.Add(await WriteAsync(parent, cancellation));
                parent = new(level);
                parent.TryAdd(entry);
            }
            above.Add(await WriteAsync(parent, cancellation));
            below = above;
        }
        var reference = await output.CommitAsync(cancellation);
        return new(reference, below[0].Offset, below[0].Length);
    }

    public ValueTask DisposeAsync() => output.DisposeAsync();

    private async ValueTask<PageEntry> WriteAsync(IndexPage full, CancellationToken cancellation)
    {
        output.BeginFrame(large: false);
        await output.WriteAsync(full.Encode(), cancellation);
        var frame = await output.EndFrameAsync(cancellation);
        return new(full.FirstKey, frame.Offset, frame.Length, full.Units);
    }
}

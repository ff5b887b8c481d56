using Backup.Archive.Frames;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Index;

/// <summary>Merges the shards' indexes into the backup's one index. Holds one page of each shard at a time.</summary>
public static class IndexMerge
{
    /// <summary>
    /// Merges; the index of a single shard is used as it is. Segments are numbered through in the order of <paramref name="shards"/>; <paramref name="observe"/> sees every entry in key order.
    /// </summary>
    /// <exception cref="BackupException">Failed: two shards hold the same unit, so the source gave it twice.</exception>
    public static async Task<IndexReference> RunAsync(OpenedArchive archive, RunId run, IReadOnlyList<ShardResult> shards, Action<UnitEntry> observe, CancellationToken cancellation)
    {
        if (shards is [var only])
        {
            using var reader = new IndexReader(archive, only.Index);
            await foreach (var entry in reader.ReadAllAsync(cancellation)) observe(entry);
            return only.Index;
        }
        var queue = new PriorityQueue<Source, byte[]>(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        var sources = new List<Source>();
        try
        {
            var firstSegment = 0;
            foreach (var shard in shards)
            {
                var source = new Source(new IndexReader(archive, shard.Index), firstSegment, cancellation);
                sources.Add(source);
                firstSegment += shard.Segments.Count;
                if (await source.MoveAsync()) queue.Enqueue(source, source.Current.Key);
            }
            using var compressor = new ZstdCompressor(archive.CompressionLevel);
            await using var writer = await IndexWriter.CreateAsync(archive, ObjectNames.Index(run, Randomness.Token(8)), compressor, cancellation);
            byte[]? last = null;
            while (queue.TryDequeue(out var source, out var key))
            {
                if (last is not null && last.AsSpan().SequenceEqual(key))
                    throw new BackupException(ErrorKind.Failed, "two shards hold the same unit: the source listed it in both",
                        "Nothing of this run is visible. Check the source's indexes (REINDEX) and run the backup again.");
                last = key;
                var entry = source.Current;
                observe(entry);
                await writer.AddAsync(entry, cancellation);
                if (await source.MoveAsync()) queue.Enqueue(source, source.Current.Key);
            }
            return await writer.CompleteAsync(cancellation);
        }
        finally
        {
            foreach (var source in sources) await source.DisposeAsync();
        }
    }

    private sealed class Source(IndexReader reader, int firstSegment, CancellationToken cancellation) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<UnitEntry> entries = reader.ReadAllAsync(cancellation).GetAsyncEnumerator(cancellation);

        public UnitEntry Current => firstSegment == 0 ? entries.Current : entries.Current with
        {
            Pieces = entries.Current.Pieces.Select(p => p with { Segment = p.Segment + firstSegment }).ToArray(),
        };

        public ValueTask<bool> MoveAsync() => entries.MoveNextAsync();

        public async ValueTask DisposeAsync()
        {
            await entries.DisposeAsync();
            reader.Dispose();
        }
    }
}

using System.Runtime.CompilerServices;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Archive.Chains;

/// <summary>The units of a chain's newest backup, found through the indexes of all its members. Holds one page of each.</summary>
public sealed class ChainIndex : IDisposable
{
    private readonly IndexReader[] readers;
    private readonly string[] names;

    /// <summary>Opens the indexes. Reads nothing yet.</summary>
    public ChainIndex(OpenedArchive archive, BackupChain chain) : this(archive, chain.Members)
    {
    }

    /// <summary>Opens the indexes of a chain, or of its older part: <paramref name="members"/> are newest first, the last holds everything.</summary>
    public ChainIndex(OpenedArchive archive, IEnumerable<BackupManifest> members)
    {
        var indexes = members.Select(m => m.Index).ToList();
        readers = [.. indexes.Select(index => new IndexReader(archive, index))];
        names = [.. indexes.Select(index => index.Object.Name)];
    }

    /// <summary>The entry of a unit, or null when the newest backup does not hold it.</summary>
    public async ValueTask<UnitEntry?> FindAsync(byte[] key, CancellationToken cancellation)
    {
        var layers = new List<UnitEntry>();
        for (var member = 0; member < readers.Length; member++)
        {
            if (await readers[member].FindAsync(key, cancellation) is not { } entry) continue;
            layers.Add(entry with { Member = member });
            if (entry.Form != UnitForm.Delta) break;
        }
        return Stack(layers);
    }

    /// <summary>Every unit of the newest backup in order.</summary>
    public async IAsyncEnumerable<UnitEntry> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var order = Comparer<(byte[] Key, int Member)>.Create((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key) is var keys and not 0 ? keys : a.Member.CompareTo(b.Member));
        var queue = new PriorityQueue<IAsyncEnumerator<UnitEntry>, (byte[] Key, int Member)>(order);
        var opened = new List<IAsyncEnumerator<UnitEntry>>();
        try
        {
            for (var member = 0; member < readers.Length; member++)
            {
                var entries = readers[member].ReadAllAsync(cancellation).GetAsyncEnumerator(cancellation);
                opened.Add(entries);
                if (await entries.MoveNextAsync()) queue.Enqueue(entries, (entries.Current.Key, member));
            }
            var layers = new List<UnitEntry>();
            while (queue.TryPeek(out _, out var first))
            {
                layers.Clear();
                while (queue.TryPeek(out var entries, out var at) && at.Key.AsSpan().SequenceEqual(first.Key))
                {
                    queue.Dequeue();
                    // What lies below a whole unit, or below one that is gone, does not count any more.
                    if (layers.Count == 0 || layers[^1].Form == UnitForm.Delta) layers.Add(entries.Current with { Member = at.Member });
                    if (await entries.MoveNextAsync()) queue.Enqueue(entries, (entries.Current.Key, at.Member));
                }
                if (Stack(layers) is { } unit) yield return unit;
            }
        }
        finally
        {
            foreach (var entries in opened) await entries.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var reader in readers) reader.Dispose();
    }

    // A delta needs something it is a delta of.
    private UnitEntry? Stack(List<UnitEntry> layers)
    {
        if (layers.Find(l => l.Form == UnitForm.Changes) is { } change) throw new DamageException(names[change.Member], 0, "it holds changes of a log, which are not a backup's");
        if (layers is [.., { Form: UnitForm.Delta } loose]) throw new DamageException(names[loose.Member], 0, "it holds changes of a unit that no backup of its chain holds whole");
        if (layers is [_, .., { Form: UnitForm.Gone } gone]) throw new DamageException(names[gone.Member - 1], 0, "it holds changes of a unit that its base says is gone");
        UnitEntry? stacked = null;
        for (var i = layers.Count - 1; i >= 0; i--) stacked = layers[i] with { Below = stacked };
        return stacked is null or { Form: UnitForm.Gone } ? null : stacked;
    }
}

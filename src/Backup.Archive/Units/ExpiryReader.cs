using System.Runtime.CompilerServices;
using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;

namespace Backup.Archive.Units;

/// <summary>Reads when units of a backup go by themselves. Keeps one page: asked in the order of keys, each is read once. One caller at a time.</summary>
/// <param name="archive">Where.</param>
/// <param name="expiries">What the manifest says.</param>
public sealed class ExpiryReader(OpenedArchive archive, ExpiryReference expiries)
{
    private IReadOnlyList<ExpiryEntry> page = [];
    private int current = -1;

    /// <summary>When a unit goes; null when it stays.</summary>
    /// <exception cref="DamageException">A page is missing or not authentic.</exception>
    public async ValueTask<DateTimeOffset?> FindAsync(byte[] key, CancellationToken cancellation)
    {
        var number = Last(expiries.Pages, p => p.First, key);
        if (number < 0) return null;
        await OpenAsync(number, cancellation);
        var place = Last(page, e => e.Key, key);
        return place >= 0 && page[place].Key.AsSpan().SequenceEqual(key) ? page[place].At : null;
    }

    /// <summary>Every unit that goes, in order.</summary>
    /// <exception cref="DamageException">A page is missing or not authentic, or they are not in order.</exception>
    public async IAsyncEnumerable<ExpiryEntry> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var number = 0; number < expiries.Pages.Count; number++)
        {
            await OpenAsync(number, cancellation);
            foreach (var entry in page) yield return entry;
        }
    }

    private async Task OpenAsync(int number, CancellationToken cancellation)
    {
        if (number == current) return;
        var name = expiries.Pages[number].Object;
        var read = (await SealedDocument.GetAsync<ExpiryPage>(archive, ObjectKind.Expiries, name, cancellation)).Value.Units;
        var end = number + 1 < expiries.Pages.Count ? expiries.Pages[number + 1].First : null;
        if (read.Count == 0 || !read[0].Key.AsSpan().SequenceEqual(expiries.Pages[number].First) || (end is not null && read[^1].Key.AsSpan().SequenceCompareTo(end) >= 0)
            || read.Zip(read.Skip(1)).Any(pair => pair.First.Key.AsSpan().SequenceCompareTo(pair.Second.Key) >= 0))
            throw new DamageException(name, 0, "its units are not in order");
        (page, current) = (read, number);
    }

    // The last item whose key is not behind the one asked for; -1 when there is none.
    private static int Last<T>(IReadOnlyList<T> items, Func<T, byte[]> keyOf, byte[] key)
    {
        int low = 0, high = items.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (keyOf(items[middle]).AsSpan().SequenceCompareTo(key) <= 0) low = middle + 1;
            else high = middle;
        }
        return low - 1;
    }
}

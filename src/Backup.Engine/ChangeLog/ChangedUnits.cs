using Backup.Archive;
using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>The units that changed in several parts of a log or layers of a chain, in the order of their keys; of each what every one of them holds, the newest first.</summary>
internal sealed class ChangedUnits : IAsyncDisposable
{
    private readonly List<UnitCursor> cursors = [];
    private readonly PriorityQueue<int, (byte[] Key, int Part)> queue =
        new(Comparer<(byte[] Key, int Part)>.Create((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key) is var keys and not 0 ? keys : a.Part.CompareTo(b.Part)));
    private readonly List<int> current = []; // the parts that hold the unit, the newest first

    private ChangedUnits()
    {
    }

    /// <summary>Key of the unit it stands at; null at the end.</summary>
    public byte[]? Key { get; private set; }

    /// <summary>Opens parts, the newest first.</summary>
    public static async Task<ChangedUnits> OpenAsync(OpenedArchive archive, IReadOnlyList<UnitSet> parts, CancellationToken cancellation)
    {
        var units = new ChangedUnits();
        try
        {
            foreach (var part in parts) units.cursors.Add(new(archive, part, cancellation));
            units.current.AddRange(Enumerable.Range(0, parts.Count));
            await units.MoveAsync(cancellation);
            return units;
        }
        catch
        {
            await units.DisposeAsync();
            throw;
        }
    }

    /// <summary>The entries of the unit in the parts that have it, the newest first.</summary>
    public IEnumerable<UnitEntry> Entries => current.Select(part => cursors[part].Current);

    /// <summary>Reads what the newest so many parts that have the unit hold of it, once.</summary>
    public async ValueTask ReadAsync(int newest, Func<int, ReadOnlyMemory<byte>, ValueTask> entry, CancellationToken cancellation)
    {
        foreach (var part in current.Take(newest)) await cursors[part].ReadAsync(entry, cancellation);
    }

    /// <summary>Every unit of these and of <paramref name="known"/> in order, with what is known of it. Who finds that it stands at a unit moves it on.</summary>
    public async IAsyncEnumerable<(byte[] Key, UnitEntry? Known)> WithAsync(IAsyncEnumerable<UnitEntry> known)
    {
        await foreach (var entry in known)
        {
            while (Key is { } key && key.AsSpan().SequenceCompareTo(entry.Key) < 0) yield return (key, null);
            yield return (entry.Key, entry);
        }
        while (Key is { } rest) yield return (rest, null);
    }

    /// <summary>True when it stands at the unit.</summary>
    public bool IsAt(byte[] key) => Key is { } at && at.AsSpan().SequenceEqual(key);

    /// <summary>Reads the changes of the unit, once, the newest first: of each the length of kind and key, and the whole entry.</summary>
    public async ValueTask ReadAsync(Func<int, ReadOnlyMemory<byte>, ValueTask> change, CancellationToken cancellation)
    {
        foreach (var part in current) await cursors[part].ReadAsync(change, cancellation);
    }

    /// <summary>Goes to the next unit.</summary>
    public async ValueTask MoveAsync(CancellationToken cancellation)
    {
        foreach (var part in current)
            if (await cursors[part].MoveAsync(cancellation)) queue.Enqueue(part, (cursors[part].Current.Key, part));
        current.Clear();
        Key = queue.TryPeek(out _, out var first) ? first.Key : null;
        while (queue.TryPeek(out var part, out var next) && next.Key.AsSpan().SequenceEqual(Key))
        {
            queue.Dequeue();
            current.Add(part);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cursor in cursors) await cursor.DisposeAsync();
    }
}

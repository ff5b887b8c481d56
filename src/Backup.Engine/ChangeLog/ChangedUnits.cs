using Backup.Archive;
using Backup.Archive.Units;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>The units that changed in several parts of a log, in the order of their keys; of each the changes, the newest part first.</summary>
internal sealed class ChangedUnits : IAsyncDisposable
{
    private readonly List<UnitCursor> cursors = [];
    private readonly PriorityQueue<int, (byte[] Key, int Part)> queue =
        new(Comparer<(byte[] Key, int Part)>.Create((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key) is var keys and not 0 ? keys : a.Part.CompareTo(b.Part)));

    private ChangedUnits()
    {
    }

    /// <summary>Key of the unit it stands at; null at the end.</summary>
    public byte[]? Key => queue.TryPeek(out _, out var first) ? first.Key : null;

    /// <summary>Opens parts, the newest first.</summary>
    public static async Task<ChangedUnits> OpenAsync(OpenedArchive archive, IReadOnlyList<UnitSet> parts, CancellationToken cancellation)
    {
        var units = new ChangedUnits();
        try
        {
            foreach (var part in parts) units.cursors.Add(new(archive, part, cancellation));
            for (var i = 0; i < parts.Count; i++) await units.AdvanceAsync(i, cancellation);
            return units;
        }
        catch
        {
            await units.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the changes of the unit, once.</summary>
    public async ValueTask ReadAsync(Func<ChangeEntry, CancellationToken, ValueTask> change, CancellationToken cancellation)
    {
        foreach (var part in Parts())
            await cursors[part].ReadAsync((keyLength, bytes) => change(ChangeEntry.Read(keyLength, bytes), cancellation), cancellation);
    }

    /// <summary>Goes to the next unit.</summary>
    public async ValueTask MoveAsync(CancellationToken cancellation)
    {
        foreach (var part in Parts())
        {
            queue.Dequeue();
            await AdvanceAsync(part, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cursor in cursors) await cursor.DisposeAsync();
    }

    // The parts that hold the unit it stands at, the newest first.
    private List<int> Parts()
    {
        var key = Key;
        return key is null ? [] : [.. queue.UnorderedItems.Where(i => i.Priority.Key.AsSpan().SequenceEqual(key)).Select(i => i.Element).Order()];
    }

    private async ValueTask AdvanceAsync(int part, CancellationToken cancellation)
    {
        if (await cursors[part].MoveAsync(cancellation)) queue.Enqueue(part, (cursors[part].Current.Key, part));
    }
}

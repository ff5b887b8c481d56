using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Capture;

namespace Backup.Checkpoints.S3.Layouts;

/// <summary>Appends to the logs of units. An entry is made only where there is none, so one of two writers wins; it counts from its head on.</summary>
internal sealed class UnitLog(S3StoreOptions store, S3Bucket bucket)
{
    private readonly UnitLister heads = new(store, bucket, StoreKeys.Heads);

    /// <summary>The newest head of a unit; null when it was never there.</summary>
    public Task<UnitHead?> FindAsync(UnitId unit, CancellationToken cancellation) => heads.FindAsync(unit, cancellation);

    /// <summary>Appends an entry behind a head.</summary>
    /// <param name="before">The newest head, or null when there is none.</param>
    /// <param name="entry">The entry's bytes.</param>
    /// <param name="after">The head that counts afterwards.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>False when another writer was there first; nothing was changed then.</returns>
    public async Task<bool> AppendAsync(UnitHead? before, byte[] entry, UnitHead after, CancellationToken cancellation)
    {
        if (before is null) await bucket.PutAsync(StoreKeys.Marker(StoreKeys.Heads, after.Place), System.Text.Encoding.UTF8.GetBytes(after.Unit.Id), cancellation);
        var key = after.EntryKey(after.Number);
        // An answer that was lost: it is there, and it is ours.
        if (!await bucket.CreateAsync(key, entry, cancellation) && !(await bucket.GetAsync(key, cancellation)).AsSpan().SequenceEqual(entry)) return false;
        return await FinishAsync(before, after, cancellation);
    }

    /// <summary>Has an entry that is there count.</summary>
    /// <returns>False when later ones count already; the entry is taken away then, since it stands where one was that does not count any more.</returns>
    public async Task<bool> FinishAsync(UnitHead? before, UnitHead after, CancellationToken cancellation)
    {
        var listed = await bucket.ListAllAsync(StoreKeys.Heads + after.Place, cancellation);
        var others = listed.Select(f => UnitHead.Read(after.Unit, StoreKeys.Heads, f.Key[(f.Key.LastIndexOf('/') + 1)..])).OfType<UnitHead>().Where(h => h != after).ToList();
        if (others.Exists(h => h.Number > after.Number))
        {
            if (others.TrueForAll(h => h.First > after.Number || h.Number <= after.Number)) await bucket.DeleteAsync([after.EntryKey(after.Number)], cancellation);
            return false;
        }
        await bucket.PutAsync(after.Key, ReadOnlyMemory<byte>.Empty, cancellation);
        // What does not count any more goes after what counts instead has come.
        await bucket.DeleteAsync(others.Where(h => h.Number < after.Number).Select(h => h.Key), cancellation);
        if (before is { } old && after.First > old.First) await bucket.DeleteAsync(await ObjectsAsync(old, after.First - 1, cancellation), cancellation);
        return true;
    }

    private async Task<List<string>> ObjectsAsync(UnitHead old, long last, CancellationToken cancellation)
    {
        var keys = new List<string>();
        for (var number = old.First; number <= last; number++)
        {
            var key = old.EntryKey(number);
            if (old.Parts > 0 && await bucket.GetAsync(key, cancellation) is { } bytes) keys.AddRange(LogEntry.Read(old.Unit, bytes).Parts.Select(p => p.Key));
            keys.Add(key);
        }
        return keys;
    }
}

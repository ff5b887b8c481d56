using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Restore;

/// <summary>Loads units beside the store, some megabytes at a time; the session puts them in place.</summary>
internal sealed class PlainLoader(RedisStoreOptions store, IDatabase database, PlainKeys live, PlainKeys aside, bool fresh, Func<UnitId, bool, Task>? publish) : ITargetLoader
{
    private const int SendAt = 1 << 20;
    private const int Outstanding = 4 << 20;
    private readonly List<HashEntry> fields = [];
    private readonly List<Task> sent = [];
    private long[] counts = [];
    private long pending, outstanding, bytes;
    private UnitId unit;
    private bool replaces;
    private DateTimeOffset? expires;

    public async ValueTask BeginAsync(UnitId next, bool replace, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        (unit, replaces, expires, bytes, counts) = (next, replace, null, 0, new long[UnitDigest.Kinds + 1]);
        if (!replace && !fresh && await RedisErrors.GuardAsync(store, () => database.KeyExistsAsync(live.Records(next))))
            throw new BackupException(ErrorKind.Conflict, $"another writer made {next} of '{store.Name}' while it was restored", "It was not changed. Run the restore again.");
        sent.Add(database.SetAddAsync(UnitView.Begun(aside, next.Kind), next.Id));
    }

    public void ExpireAt(DateTimeOffset time) => expires = time;

    public async ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        fields.Add(new(record.Key.ToArray(), record.Bytes[record.KeyLength..].ToArray()));
        counts[(int)record.Kind]++;
        bytes += record.Bytes.Length;
        pending += record.Bytes.Length;
        if (pending >= SendAt || fields.Count >= 1000) await SendAsync(cancellation);
    }

    public async ValueTask EndAsync(CancellationToken cancellation)
    {
        await SendAsync(cancellation);
        sent.Add(database.HashSetAsync(aside.Records(unit), [new("v", 0), new("i", 0), new("b", bytes), .. Enumerable.Range(1, UnitDigest.Kinds).Where(k => counts[k] > 0).Select(k => new HashEntry($"n{k}", counts[k])),
            .. expires is { } at ? [new HashEntry("x", at.ToUnixTimeMilliseconds())] : Array.Empty<HashEntry>()]));
        if (publish is not null)
        {
            await DrainAsync();
            await publish(unit, replaces);
            return;
        }
        var id = unit.Id;
        sent.Add(database.SortedSetAddAsync(aside.Index(unit.Kind), id, 0));
        sent.Add(database.SetRemoveAsync(UnitView.Gone(aside, unit.Kind), id));
        if (sent.Count > 500) await DrainAsync();
    }

    public Task CompleteAsync(CancellationToken cancellation) => DrainAsync();

    public async ValueTask DisposeAsync()
    {
        // What was sent is beside the store; nobody may be left waiting for it.
        foreach (var task in sent) await task.ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task SendAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (fields.Count == 0) return;
        sent.Add(database.HashSetAsync(aside.Records(unit), [.. fields]));
        sent.Add(database.SortedSetAddAsync(aside.Order(unit), [.. fields.Select(f => new SortedSetEntry(f.Name, 0))]));
        outstanding += pending;
        fields.Clear();
        pending = 0;
        if (outstanding >= Outstanding) await DrainAsync();
    }

    private async Task DrainAsync()
    {
        var waiting = sent.ToArray();
        sent.Clear();
        outstanding = 0;
        await RedisErrors.GuardAsync(store, () => Task.WhenAll(waiting));
    }
}

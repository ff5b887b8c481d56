using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Redis.Restore;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>
/// A restore into a store of one of LangGraph's savers. Threads are put aside and then put in place by renaming: all at the end, or online each as
/// soon as it is there. The saver looks at no mark, so nothing keeps apps out.
/// </summary>
internal sealed class SaverSession : ITargetSession
{
    private const string Asides = "backup:aside:";
    // Commands of one transaction, unless one thread needs more.
    private const int Together = 5000;
    private readonly RedisStoreOptions store;
    private readonly SaverLayout layout;
    private readonly IDatabase database;
    private readonly TargetIntent intent;
    private readonly RestoreMark mark;
    private readonly string aside;
    private readonly HashSet<string> present;
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, SaverThread> put = new(Comparer<string>.Create(Utf8Order.Compare));
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset?> prolonged = new(StringComparer.Ordinal);

    private SaverSession(RedisStoreOptions store, SaverLayout layout, IDatabase database, TargetIntent intent, RestoreMark mark, string session, IEnumerable<string> present)
    {
        (this.store, this.layout, this.database, this.intent, this.mark, aside, this.present) = (store, layout, database, intent, mark, $"{Asides}{session}:", present.ToHashSet(StringComparer.Ordinal));
        Fresh = this.present.Count == 0;
    }

    public bool Fresh { get; }

    public int MaxLoaders => 2;

    public IReadOnlyList<DroppedExtra> Dropped => layout.Drops(intent);

    /// <summary>Takes the store for a restore and clears what restores that died have left beside it.</summary>
    public static Task<ITargetSession> OpenAsync(RedisStoreOptions store, SaverLayout layout, IDatabase database, TargetIntent intent, TimeProvider time, CancellationToken cancellation) => RedisErrors.GuardAsync<ITargetSession>(store, async () =>
    {
        var session = Randomness.Token(16);
        var mark = await RestoreMark.TakeAsync(store, database, SaverFacts.Own, intent, session, time, cancellation);
        try
        {
            await SaverFacts.ReadAsync(store, layout, database, ownRestore: true);
            await ClearAsync(database, cancellation);
            return new SaverSession(store, layout, database, intent, mark, session, (await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation)).Keys);
        }
        catch
        {
            await mark.DisposeAsync();
            throw;
        }
    });

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => Task.FromResult<ITargetLoader>(new SaverLoader(store, layout, database, aside, There, async (id, thread, replace) =>
    {
        if (intent.Online)
        {
            await RedisErrors.GuardAsync(store, () => PublishAsync(id, thread, replace, cancellation));
            lock (gate) present.Add(id);
            return;
        }
        lock (gate)
        {
            put[id] = thread;
            gone.Remove(id);
        }
    }));

    public Task<ISourceCut> ReadAsync(CancellationToken cancellation) => RedisErrors.GuardAsync<ISourceCut>(store, async () =>
    {
        var facts = await SaverFacts.ReadAsync(store, layout, database, ownRestore: true);
        return new SaverCut(store with { ReadLimit = null }, layout, database, facts, SaverCut.Describe(layout, facts, null, null, 0), list: async token =>
        {
            var threads = await SaverListing.ScanAsync(store, layout, database, "checkpoint*", token);
            lock (gate)
            {
                foreach (var id in gone) threads.Remove(id);
                foreach (var (id, thread) in put) threads[id] = thread;
            }
            return threads;
        });
    });

    public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        var ids = units.Where(u => u.Kind == UnitKind.Thread).Select(u => u.Id).ToList();
        if (!intent.Online)
        {
            lock (gate)
            {
                gone.UnionWith(ids);
                foreach (var id in ids) put.Remove(id);
            }
            return;
        }
        var live = await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation);
        foreach (var id in ids)
        {
            var transaction = Owned();
            var waiting = Remove(transaction, id, live.GetValueOrDefault(id));
            await SendAsync(transaction, [waiting]);
        }
    });

    public Task ProlongAsync(IReadOnlyCollection<UnitExpiry> units, CancellationToken cancellation)
    {
        lock (gate)
            foreach (var (unit, at) in units.Where(u => u.Unit.Kind == UnitKind.Thread)) prolonged[unit.Id] = at;
        return Task.CompletedTask;
    }

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task CommitAsync(CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        if (!await mark.RenewAsync()) throw Lost();
        if (!intent.Online) await PublishAllAsync(cancellation);
        if (prolonged.Count > 0 && (await SaverFacts.ReadAsync(store, layout, database, ownRestore: true)).Expires) await ProlongAllAsync(cancellation);
        // A store into which nothing was restored stays what it was.
        if (intent.Online || put.Count > 0 || gone.Count > 0) await SaverFacts.IndexAsync(layout, database);
    });

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (await mark.RenewAsync()) await ClearAsync(database, default);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            // The next restore clears it.
        }
        await mark.DisposeAsync();
    }

    private bool There(string id)
    {
        lock (gate) return present.Contains(id) && !gone.Contains(id);
    }

    private async Task PublishAllAsync(CancellationToken cancellation)
    {
        var live = put.Count + gone.Count == 0 || Fresh ? [] : await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation);
        var transaction = Owned();
        var waiting = new List<Task>();
        foreach (var id in gone.Concat(put.Keys).ToList())
        {
            waiting.Add(Remove(transaction, id, live.GetValueOrDefault(id)));
            if (put.TryGetValue(id, out var thread)) waiting.AddRange(Rename(transaction, id, thread));
            if (waiting.Count < Together) continue;
            await SendAsync(transaction, waiting);
            (transaction, waiting) = (Owned(), []);
        }
        if (waiting.Count > 0) await SendAsync(transaction, waiting);
    }

    private async Task PublishAsync(string id, SaverThread thread, bool replace, CancellationToken cancellation)
    {
        var transaction = Owned();
        var waiting = new List<Task>();
        if (replace)
        {
            var live = await SaverListing.ScanAsync(store, layout, database, $"checkpoint*:{SaverListing.Literal(id)}:*", cancellation);
            waiting.Add(Remove(transaction, id, live.GetValueOrDefault(id)));
        }
        else foreach (var (key, _, _) in thread.Checkpoints.Take(100)) transaction.AddCondition(Condition.KeyNotExists(key));
        waiting.AddRange(Rename(transaction, id, thread));
        await SendAsync(transaction, waiting);
    }

    // Threads that were left as they are; none goes earlier for it. One whose restore dies before this is left again by the next, which does it.
    private async Task ProlongAllAsync(CancellationToken cancellation)
    {
        var live = (await SaverListing.ScanAsync(store, layout, database, "checkpoint*", cancellation)).Where(t => prolonged.ContainsKey(t.Key)).ToList();
        var times = await SaverExpiry.ReadAsync(database, new(null), live, cancellation);
        foreach (var (id, thread) in live)
        {
            if (!times.TryGetValue(id, out var now) || now is null || prolonged[id] <= now) continue;
            var transaction = Owned();
            await SendAsync(transaction, Expire(transaction, SaverExpiry.Keys(layout, id, thread), prolonged[id]));
        }
    }

    private static List<Task> Expire(ITransaction transaction, IEnumerable<string> keys, DateTimeOffset? at) =>
        keys.Select(key => (Task)(at is { } time ? transaction.ExecuteAsync("PEXPIREAT", (RedisKey)key, time.ToUnixTimeMilliseconds()) : transaction.ExecuteAsync("PERSIST", (RedisKey)key))).ToList();

    // Nothing is put in place by an owner that was overtaken.
    private ITransaction Owned()
    {
        var transaction = database.CreateTransaction();
        transaction.AddCondition(Condition.StringEqual(SaverFacts.Own.Mark, mark.Value));
        return transaction;
    }

    private async Task SendAsync(ITransaction transaction, List<Task> waiting)
    {
        if (!await transaction.ExecuteAsync())
            throw await mark.RenewAsync() ? new BackupException(ErrorKind.Conflict, $"another writer made a thread of '{store.Name}' while it was restored", "It was not changed. Run the restore again.") : Lost();
        await Task.WhenAll(waiting);
    }

    private OwnershipLostException Lost() => new($"the restore into '{store.Name}' was taken over, or was silent for too long");

    private Task Remove(ITransaction transaction, string id, SaverThread? thread) => thread is null ? Task.CompletedTask : transaction.KeyDeleteAsync(
    [
        .. thread.Checkpoints.Concat(thread.Writes).Select(c => (RedisKey)c.Key), .. thread.Blobs.Select(b => (RedisKey)b), .. thread.Beside(layout, id).Select(k => (RedisKey)k),
        // What the Python saver marked before it wrote it.
        .. thread.Writes.Select(w => (RedisKey)layout.Keys.Checkpoint(id, w.Namespace, w.Id)).Distinct(),
    ]);

    // Values and writes first: what reads without a transaction never sees a checkpoint without them.
    private List<Task> Rename(ITransaction transaction, string id, SaverThread thread)
    {
        var keys = thread.Blobs.Concat(thread.Writes.Select(w => w.Key)).Concat(thread.Checkpoints.OrderBy(c => c.Id, StringComparer.Ordinal).Select(c => c.Key));
        var tasks = keys.Select(key => (Task)transaction.KeyRenameAsync(aside + key, key)).ToList();
        // A set that nothing was put into is not there.
        tasks.AddRange(thread.Scored.Select(set => transaction.KeyRenameAsync(aside + set, set)));
        tasks.AddRange(thread.Pointers.Select(key => transaction.KeyRenameAsync(aside + key, key)));
        if (thread.Expires is not null) tasks.AddRange(Expire(transaction, SaverExpiry.Keys(layout, id, thread), thread.Expires));
        return tasks;
    }

    private static async Task ClearAsync(IDatabase database, CancellationToken cancellation)
    {
        await foreach (var keys in SaverListing.KeysAsync(database, $"{Asides}*", new(null), cancellation))
            if (keys.Count > 0) await database.KeyDeleteAsync([.. keys.Select(k => (RedisKey)k)]);
    }
}

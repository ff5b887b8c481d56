using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Checkpoints.Redis.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Restore;

/// <summary>
/// A restore into a store of the plain layout. Units are loaded beside it and put in place by renaming: all at the end while apps do not
/// write, or online each as soon as it is there.
/// </summary>
internal sealed class PlainSession : ITargetSession
{
    // Units put in place by one transaction: a restore of no more is there whole or not at all.
    private const int Together = 500;
    private readonly RedisStoreOptions store;
    private readonly IDatabase database;
    private readonly PlainKeys keys;
    private readonly PlainKeys aside;
    private readonly string session;
    private readonly RestoreMark mark;
    private readonly TargetIntent intent;
    private readonly bool made;
    private bool committed;

    private PlainSession(RedisStoreOptions store, IDatabase database, PlainKeys keys, string session, RestoreMark mark, TargetIntent intent, bool made, bool fresh)
    {
        (this.store, this.database, this.keys, this.session, this.mark, this.intent, this.made, Fresh) = (store, database, keys, session, mark, intent, made, fresh);
        aside = keys.Stage(session);
    }

    public bool Fresh { get; }

    public int MaxLoaders => 2;

    /// <summary>Takes the store for a restore, makes it when it is not there, and clears what restores that died have left beside it.</summary>
    public static Task<ITargetSession> OpenAsync(RedisStoreOptions store, IDatabase database, PlainKeys keys, TargetIntent intent, TimeProvider time, CancellationToken cancellation) => RedisErrors.GuardAsync<ITargetSession>(store, async () =>
    {
        var session = Randomness.Token(16);
        var mark = await RestoreMark.TakeAsync(store, database, keys, intent, session, time, cancellation);
        try
        {
            foreach (var old in await database.SetMembersAsync(keys.Stages)) await ClearAsync(database, keys, (string)old!);
            await database.SetAddAsync(keys.Stages, session);
            var made = (int)await database.ScriptEvaluateAsync(PlainScripts.Create, [keys.Store], [Randomness.Token(20)]) == 1;
            var facts = await StoreFacts.ReadAsync(store, database, keys, ownRestore: true);
            return new PlainSession(store, database, keys, session, mark, intent, made, facts!.Units == 0);
        }
        catch
        {
            await mark.DisposeAsync();
            throw;
        }
    });

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) =>
        Task.FromResult<ITargetLoader>(new PlainLoader(store, database, keys, aside, Fresh && !intent.Online, intent.Online ? PublishAsync : null));

    public Task<ISourceCut> ReadAsync(CancellationToken cancellation) => RedisErrors.GuardAsync<ISourceCut>(store, async () =>
    {
        var facts = (await StoreFacts.ReadAsync(store, database, keys, ownRestore: true))!;
        return new PlainCut(store with { ReadLimit = null }, database, keys, facts, PlainCut.Describe(facts), intent.Online ? null : aside);
    });

    public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        foreach (var unit in units)
        {
            if (intent.Online) await DeleteAsync(database, unit);
            else await Task.WhenAll(
                database.SetAddAsync(UnitView.Gone(aside, unit.Kind), unit.Id), database.SortedSetRemoveAsync(aside.Index(unit.Kind), unit.Id),
                database.KeyDeleteAsync([aside.Records(unit), aside.Order(unit)]));
        }
    });

    public Task ProlongAsync(IReadOnlyCollection<UnitExpiry> units, CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        // Where nothing goes by itself nothing has to live longer.
        units = [.. units.Where(u => u.Unit.Kind == UnitKind.Thread)];
        if (units.Count == 0 || await database.SortedSetLengthAsync(keys.Expiry) == 0) return;
        if (intent.Online) await Task.WhenAll(units.Select(u => ProlongAsync(database, u.Unit, Millisecond(u.At))));
        else await database.SortedSetAddAsync(aside.Expiry, [.. units.Select(u => new SortedSetEntry(u.Unit.Id, Millisecond(u.At)))]);
    });

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task CommitAsync(CancellationToken cancellation) => RedisErrors.GuardAsync(store, async () =>
    {
        await EnsureOwnAsync();
        if (Fresh || intent.Replaces) await (PlainLayout.OriginOf(intent) is { } origin ? database.HashSetAsync(keys.Store, "origin", origin) : database.HashDeleteAsync(keys.Store, "origin"));
        if (!intent.Online) await PublishAllAsync();
        // Another owner would have cleared what was still to be put in place.
        await EnsureOwnAsync();
        committed = true;
    });

    public async ValueTask DisposeAsync()
    {
        try
        {
            await ClearAsync(database, keys, session);
            if (made && !committed) await database.ScriptEvaluateAsync(PlainScripts.Uncreate, [keys.Store, keys.Index(UnitKind.Thread), keys.Index(UnitKind.Memory)]);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            // The next restore clears it.
        }
        await mark.DisposeAsync();
    }

    private async Task EnsureOwnAsync()
    {
        if (!await mark.RenewAsync()) throw new OwnershipLostException($"the restore into '{store.Name}' was taken over, or was silent for too long");
    }

    private async Task PublishAllAsync()
    {
        var changes = database.CreateTransaction();
        var waiting = new List<Task>();
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            await foreach (var id in database.SetScanAsync(UnitView.Gone(aside, kind), pageSize: Together)) await AddAsync(DeleteAsync(changes, new(kind, (string)id!)));
            for (long at = 0; await database.SortedSetRangeByRankAsync(aside.Index(kind), at, at + Together - 1) is { Length: > 0 } page; at += page.Length)
                foreach (var id in page) await AddAsync(PublishAsync(changes, new(kind, (string)id!), replace: true));
        }
        for (long at = 0; await database.SortedSetRangeByRankWithScoresAsync(aside.Expiry, at, at + Together - 1) is { Length: > 0 } page; at += page.Length)
            foreach (var unit in page) await AddAsync(ProlongAsync(changes, UnitId.Thread((string)unit.Element!), (long)unit.Score));
        await SendAsync();

        async Task AddAsync(Task change)
        {
            waiting.Add(change);
            if (waiting.Count == Together) await SendAsync();
        }

        async Task SendAsync()
        {
            await changes.ExecuteAsync();
            await Task.WhenAll(waiting);
            waiting.Clear();
            changes = database.CreateTransaction();
        }
    }

    private Task PublishAsync(UnitId unit, bool replace) => RedisErrors.GuardAsync(store, () => PublishAsync(database, unit, replace));

    private Task PublishAsync(IDatabaseAsync on, UnitId unit, bool replace) =>
        on.ScriptEvaluateAsync(PlainScripts.Publish, [.. keys.Of(unit), aside.Records(unit), aside.Order(unit)], [unit.Id, PlainKeys.Counter(unit.Kind), mark.Value, replace ? 1 : 0, unit.ToString()]);

    private Task DeleteAsync(IDatabaseAsync on, UnitId unit) => on.ScriptEvaluateAsync(PlainScripts.Delete, keys.Of(unit), [unit.Id, PlainKeys.Counter(unit.Kind), mark.Value]);

    private Task ProlongAsync(IDatabaseAsync on, UnitId unit, long at) => on.ScriptEvaluateAsync(PlainScripts.Prolong, keys.Of(unit), [unit.Id, at, mark.Value]);

    private static long Millisecond(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() ?? 0;

    // What is in place was renamed; the rest goes.
    private static async Task ClearAsync(IDatabase database, PlainKeys keys, string session)
    {
        var aside = keys.Stage(session);
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            await foreach (var id in database.SetScanAsync(UnitView.Begun(aside, kind), pageSize: Together))
                await database.KeyDeleteAsync([aside.Records(new(kind, (string)id!)), aside.Order(new(kind, (string)id!))]);
            await database.KeyDeleteAsync([aside.Index(kind), UnitView.Gone(aside, kind), UnitView.Begun(aside, kind)]);
        }
        await database.KeyDeleteAsync(aside.Expiry);
        await database.SetRemoveAsync(keys.Stages, session);
    }
}

using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Capture;
using Backup.Checkpoints.S3.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.S3.Restore;

/// <summary>
/// A restore into a store in S3. Units are written beside it and put in place at the end, each by an entry of its log; online each as
/// soon as it is there. S3 has no transaction over several units: a restore that dies while it puts them in place leaves units of both
/// kinds, each whole.
/// </summary>
internal sealed class LogSession : ITargetSession
{
    // Units put in place at once, and between two looks at the mark.
    private const int Together = 16;
    private readonly S3StoreOptions store;
    private readonly S3Bucket bucket;
    private readonly TargetIntent intent;
    private readonly UnitLog log;
    private readonly string session;
    private readonly RestoreMark mark;
    private readonly bool made;
    private readonly bool untouched;
    private readonly StoreFacts facts;
    private bool committed;

    private LogSession(S3StoreOptions store, S3Bucket bucket, TargetIntent intent, string session, RestoreMark mark, StoreFacts facts, bool made, UnitHead? first, bool fresh)
    {
        (this.store, this.bucket, this.intent, this.session, this.mark, this.facts, this.made) = (store, bucket, intent, session, mark, facts, made);
        (log, untouched, Fresh) = (new(store, bucket), first is null, fresh);
    }

    public bool Fresh { get; }

    public int MaxLoaders => 4;

    /// <summary>Takes the store for a restore, makes it when it is not there, and clears what restores that died have left beside it.</summary>
    public static async Task<ITargetSession> OpenAsync(S3StoreOptions store, S3Bucket bucket, TargetIntent intent, TimeProvider time, CancellationToken cancellation)
    {
        var session = Randomness.Token(16);
        var mark = await RestoreMark.TakeAsync(store, bucket, intent, session, time, cancellation);
        try
        {
            await ClearOthersAsync(bucket, cancellation);
            var facts = await StoreFacts.ReadAsync(store, bucket, cancellation, ownRestore: true);
            var made = facts is null && await bucket.CreateAsync(StoreKeys.Layout, StoreLayout.New(Randomness.Token(20)).Encode(), cancellation);
            facts ??= (await StoreFacts.ReadAsync(store, bucket, cancellation, ownRestore: true))!;
            await bucket.PutAsync(intent.Online ? StoreKeys.Publishing(session) : StoreKeys.Stage(session) + "+", ReadOnlyMemory<byte>.Empty, cancellation);
            UnitHead? first = null;
            var view = new UnitView(store, bucket, null);
            foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
                await foreach (var head in view.ListAsync(kind, null, null, cancellation))
                {
                    first = first is null or { IsGone: true } ? head : first;
                    if (!first.IsGone) break;
                }
            return new LogSession(store, bucket, intent, session, mark, facts, made, first, fresh: first is null or { IsGone: true });
        }
        catch
        {
            await mark.DisposeAsync();
            throw;
        }
    }

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) =>
        Task.FromResult<ITargetLoader>(new LogLoader(store, bucket, log, session, untouched && !intent.Online, intent.Online ? PublishAsync : PutAsideAsync));

    public Task<ISourceCut> ReadAsync(CancellationToken cancellation)
    {
        var now = facts with { Time = bucket.ServerTime };
        return Task.FromResult<ISourceCut>(new LogCut(store, bucket, now, LogCut.Describe(now), session));
    }

    public async Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation)
    {
        foreach (var some in units.Chunk(Together))
            await Task.WhenAll(some.Select(async unit =>
            {
                if (await log.FindAsync(unit, cancellation) is not { IsGone: false } before) return;
                var after = before with { Number = before.Number + 1, First = before.Number + 1, Parts = 0, Bytes = 0, Content = default };
                var entry = new LogEntry { Unit = unit, Anew = true }.Encode();
                await (intent.Online ? PublishAsync(before, after, entry, cancellation) : PutAsideAsync(before, after, entry, cancellation));
            }));
    }

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public async Task CommitAsync(CancellationToken cancellation)
    {
        await EnsureOwnAsync(cancellation);
        if (Fresh || intent.Replaces)
        {
            var with = facts.Layout.With(intent);
            if ((with.Origin ?? facts.Layout.Origin) is not null) await bucket.PutAsync(StoreKeys.Layout, with.Encode(), cancellation);
        }
        if (!intent.Online) await PublishAllAsync(cancellation);
        committed = true;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await ClearAsync(bucket, session, CancellationToken.None);
            if (made && !committed && await bucket.FirstAsync(StoreKeys.Heads, null, CancellationToken.None) is null) await bucket.DeleteAsync([StoreKeys.Layout], CancellationToken.None);
        }
        catch (BackupException)
        {
            // The next restore clears it.
        }
        await mark.DisposeAsync();
    }

    private async Task EnsureOwnAsync(CancellationToken cancellation)
    {
        if (!await mark.HoldsAsync(cancellation)) throw new OwnershipLostException($"the restore into '{store.Name}' was taken over, or was silent for too long");
    }

    // A restore loads or removes a unit once.
    private async Task PutAsideAsync(UnitHead? before, UnitHead after, byte[] entry, CancellationToken cancellation)
    {
        var aside = after with { Root = StoreKeys.Stage(session) };
        if (UnitName.IsHashed(aside.Place)) await bucket.PutAsync(StoreKeys.Marker(aside.Root, aside.Place), System.Text.Encoding.UTF8.GetBytes(after.Unit.Id), cancellation);
        await bucket.PutAsync(aside.Key, entry, cancellation);
    }

    private async Task PublishAsync(UnitHead? before, UnitHead after, byte[] entry, CancellationToken cancellation)
    {
        if (!await log.AppendAsync(before, entry, after, cancellation))
            throw new BackupException(ErrorKind.Conflict, $"another writer changed {after.Unit} of '{store.Name}' while it was restored", "It was not changed by the restore. Run the restore again.");
    }

    private async Task PublishAllAsync(CancellationToken cancellation)
    {
        // From here on what was put aside may be what the store is made of, and is not cleared by others.
        await bucket.PutAsync(StoreKeys.Publishing(session), ReadOnlyMemory<byte>.Empty, cancellation);
        Failpoint.Reach("s3.publish");
        var aside = new UnitLister(store, bucket, StoreKeys.Stage(session));
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            var some = new List<UnitHead>();
            await foreach (var head in aside.ListAsync(kind, null, null, cancellation))
            {
                some.Add(head);
                if (some.Count == Together) await PublishAsync(some, cancellation);
            }
            await PublishAsync(some, cancellation);
        }
    }

    private async Task PublishAsync(List<UnitHead> units, CancellationToken cancellation)
    {
        if (units.Count == 0) return;
        // Another owner would have cleared what was still to be put in place.
        await EnsureOwnAsync(cancellation);
        await Task.WhenAll(units.Select(async aside =>
        {
            var before = untouched ? null : await log.FindAsync(aside.Unit, cancellation);
            var after = aside with { Root = StoreKeys.Heads };
            var entry = await bucket.GetAsync(aside.Key, cancellation) ?? throw new OwnershipLostException($"the restore into '{store.Name}' was taken over");
            await PublishAsync(before, after, entry, cancellation);
        }));
        units.Clear();
    }

    private static async Task ClearOthersAsync(S3Bucket bucket, CancellationToken cancellation)
    {
        var sessions = new HashSet<string>(StringComparer.Ordinal);
        foreach (var root in new[] { StoreKeys.Stages, StoreKeys.Publishing("") })
            for (string? after = null; await bucket.FirstAsync(root, after, cancellation) is { } found;)
            {
                var other = found[root.Length..].Split('/')[0];
                sessions.Add(other);
                after = $"{root}{other}0"; // behind the slash
            }
        foreach (var session in sessions) await ClearAsync(bucket, session, cancellation);
    }

    // Parts may be named by what is in place, unless nothing was put in place.
    private static async Task ClearAsync(S3Bucket bucket, string session, CancellationToken cancellation)
    {
        var publishing = await bucket.FirstAsync(StoreKeys.Publishing(session), null, cancellation) is not null;
        foreach (var root in publishing ? [StoreKeys.Stage(session)] : new[] { StoreKeys.Parts(session), StoreKeys.Stage(session) })
        {
            var keys = new List<string>();
            await foreach (var found in bucket.ListAsync(root, null, cancellation))
            {
                keys.Add(found.Key);
                if (keys.Count < 1000) continue;
                await bucket.DeleteAsync(keys, cancellation);
                keys.Clear();
            }
            await bucket.DeleteAsync(keys, cancellation);
        }
        if (publishing) await bucket.DeleteAsync([StoreKeys.Publishing(session)], cancellation);
    }
}

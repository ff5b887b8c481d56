using System.Runtime.CompilerServices;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Grains.Memory.Cuts;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Log;

/// <summary>
/// The changes of a memory store, from cut to cut. Each second either every silo says that nothing was changed since the last cut, or a new one is taken, and what is
/// another in it on each silo comes as one transaction. The cuts of backups that lie between are borders too, so that a backup holds a transaction whole or not at all.
/// Silos keep what was there at the last cut that is covered, so another owner can go on from it; a silo that is gone has taken its part with it, which is a gap.
/// </summary>
internal sealed class MemoryFeed : IChangeFeed
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly string store;
    private readonly MemorySilos silos;
    private readonly CutBarrier barrier;
    private readonly TimeProvider time;
    private IReadOnlyList<SiloAddress> parts;

    private MemoryFeed(string store, MemorySilos silos, CutBarrier barrier, TimeProvider time, ulong from, IReadOnlyList<SiloAddress> parts, string? gap)
    {
        (this.store, this.silos, this.barrier, this.time) = (store, silos, barrier, time);
        (From, this.parts, Gap) = (from, parts, gap);
    }

    public ulong From { get; }

    public string? Gap { get; }

    public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string>();

    public string Layout => MemoryStore.Layout;

    /// <summary>Goes on from a position that is covered, or begins.</summary>
    public static async Task<MemoryFeed> OpenAsync(string store, ulong? after, MemorySilos silos, CutBarrier barrier, TimeProvider time, CancellationToken cancellation)
    {
        var feed = new MemoryFeed(store, silos, barrier, time, after ?? 0, [], null);
        var gap = after is { } covered ? await feed.JoinAsync(covered) : null;
        if (after is not null && gap is null) return feed;
        var (position, parts) = await feed.CutAsync(after ?? 0, cancellation);
        var begun = new MemoryFeed(store, silos, barrier, time, position, parts, gap);
        await begun.AcknowledgeAsync(position, cancellation);
        return begun;
    }

    public async IAsyncEnumerable<FeedEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var at = From; ;)
        {
            await Task.Delay(Look, time, cancellation);
            if (await PassAsync(at) is { } passed)
            {
                at = passed;
            }
            else
            {
                var (next, now) = await CutAsync(at, cancellation);
                await EnsureKnownAsync(at, now);
                await foreach (var change in ChangesAsync(at, next, now, cancellation)) yield return change;
                (at, parts) = (next, now);
            }
            yield return new(FeedEventKind.Reached) { Position = at, Time = CutPlace.Time(at) };
        }
    }

    // The cut itself says what it is of.
    public Task<string?> CheckAsync(CancellationToken cancellation) => Task.FromResult<string?>(null);

    public async Task<long> RetainedBytesAsync(CancellationToken cancellation) => (await EveryAsync(silos.Map.Active, g => g.LogRetainedAsync(store))).Sum();

    public Task AcknowledgeAsync(ulong position, CancellationToken cancellation)
    {
        // A silo that does not hear of it keeps a little more, until the next time.
        foreach (var silo in silos.Map.Active) silos.Tell(silo, g => g.LogTrimAsync(store, position));
        return Task.CompletedTask;
    }

    public async Task DropAsync(CancellationToken cancellation) => await EveryAsync(silos.Map.Active, async g =>
    {
        await g.LogDropAsync(store);
        return true;
    });

    public ValueTask DisposeAsync() => default;

    // Why it cannot go on from the cut at that position, or null.
    private async Task<string?> JoinAsync(ulong position)
    {
        var active = silos.Map.Active;
        var known = await EveryAsync(active, g => g.LogPartsAsync(store, position));
        if (known.FirstOrDefault(k => k is not null) is not { } then) return "no silo knows any more what the store held: all began anew, or the log was not kept for long";
        parts = then;
        return Missing(active, active.Where((_, i) => known[i] is not null));
    }

    private async Task EnsureKnownAsync(ulong position, IReadOnlyList<SiloAddress> now)
    {
        var known = await EveryAsync(now, g => g.LogPartsAsync(store, position));
        if (Missing(now, now.Where((_, i) => known[i] is not null)) is { } gap) throw new BackupException(ErrorKind.Conflict, gap, "The log goes on with a gap.");
    }

    private string? Missing(IReadOnlyList<SiloAddress> active, IEnumerable<SiloAddress> knowing) =>
        parts.Except(active).Order().FirstOrDefault() is { } gone ? $"silo {gone}, which held a part of the store, is gone"
        : parts.Except(knowing).Order().FirstOrDefault() is { } silo ? $"silo {silo} does not know any more what it held" : null;

    // A later position at which the store is as at the last one; null where something was changed, or somebody came or went.
    private async Task<ulong?> PassAsync(ulong at)
    {
        if (!silos.Map.Active.SequenceEqual(parts)) return null;
        var stands = await EveryAsync(parts, g => g.StandAsync(store));
        // Taken before they are asked: what is acknowledged from here on may be behind it.
        var to = CutPlace.Behind(Math.Max(at, stands.Max(s => s.Position)), time.GetUtcNow());
        return (await EveryAsync(parts, g => g.LogPassAsync(store, at, to))).All(passed => passed) ? to : null;
    }

    private async Task<(ulong Position, IReadOnlyList<SiloAddress> Parts)> CutAsync(ulong after, CancellationToken cancellation)
    {
        try
        {
            await using var cut = await barrier.TakeAsync(store, null, cancellation, after);
            return (LogPosition.Read(cut.Description.Position)!.Value, cut.Parts);
        }
        catch (BackupException error) when (error.Kind == ErrorKind.Conflict)
        {
            // A restore has the store: the log waits for it.
            throw new BackupException(ErrorKind.Unreachable, error.Message, error.Hint, error);
        }
    }

    private async IAsyncEnumerable<FeedEvent> ChangesAsync(ulong from, ulong to, IReadOnlyList<SiloAddress> now, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var borders = (await EveryAsync(now, g => g.LogPositionsAsync(store, from, to))).SelectMany(p => p).Distinct().Order().ToList();
        foreach (var border in borders)
        {
            var begun = false;
            // What went first: a unit that was deleted on one silo may have come on another.
            foreach (var gone in new[] { true, false })
            {
                foreach (var silo in now)
                {
                    var span = new LogSpan(from, border, !parts.Contains(silo), gone);
                    for (PagePosition? next = new(0, 0); next is { } page;)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        var read = await AskAsync(silo, g => g.LogReadAsync(store, span, page));
                        // Just before the border: a cut holds everything below its position.
                        if (!begun && read.Changes.Count > 0) yield return new(FeedEventKind.Begin) { Position = border - 1, Time = CutPlace.Time(border) };
                        begun |= read.Changes.Count > 0;
                        foreach (var change in read.Changes)
                            yield return new(change.Deleted ? FeedEventKind.Delete : FeedEventKind.Put)
                            {
                                Unit = UnitName.Parse(change.Unit), Record = new(change.Record.Bytes, change.Record.KeyLength), Replaces = change.Replaces,
                            };
                        next = read.Next;
                    }
                }
            }
            if (begun) yield return new(FeedEventKind.Commit);
            from = border;
        }
    }

    private Task<T[]> EveryAsync<T>(IEnumerable<SiloAddress> asked, Func<IMemorySiloGrain, Task<T>> ask) => Task.WhenAll(asked.Select(silo => AskAsync(silo, ask)));

    private async Task<T> AskAsync<T>(SiloAddress silo, Func<IMemorySiloGrain, Task<T>> ask)
    {
        try
        {
            return await ask(silos.Grain(silo));
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            throw new BackupException(ErrorKind.Unreachable, $"silo {silo} does not answer: {error.Message}", "The log goes on when it does, or is gone.", error);
        }
    }
}

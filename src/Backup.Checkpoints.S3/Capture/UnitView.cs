using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Layouts;

namespace Backup.Checkpoints.S3.Capture;

/// <summary>Which units there are: those of the store, or inside a restore what it has put aside in their place.</summary>
internal sealed class UnitView
{
    private const int Together = 16;
    private readonly UnitLister live;
    private readonly UnitLister? aside;

    public UnitView(S3StoreOptions store, S3Bucket bucket, string? session)
    {
        live = new(store, bucket, StoreKeys.Heads);
        aside = session is null ? null : new(store, bucket, StoreKeys.Stage(session));
    }

    /// <summary>The head of a unit; null when it was never there.</summary>
    public async Task<UnitHead?> FindAsync(UnitId unit, CancellationToken cancellation) =>
        (aside is null ? null : await aside.FindAsync(unit, cancellation)) ?? await live.FindAsync(unit, cancellation);

    /// <summary>The heads of units, those that were never there left out; each once.</summary>
    public async IAsyncEnumerable<UnitHead> FindAsync(IReadOnlyCollection<UnitId> units, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var (_, head) in LookUpAsync(units, cancellation))
            if (head is not null) yield return head;
    }

    /// <summary>Each unit once, with its head or null.</summary>
    public async IAsyncEnumerable<(UnitId Unit, UnitHead? Head)> LookUpAsync(IReadOnlyCollection<UnitId> units, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var some in units.Distinct().Chunk(Together))
            foreach (var found in await Task.WhenAll(some.Select(async unit => (unit, await FindAsync(unit, cancellation))))) yield return found;
    }

    /// <summary>The heads of a kind in the order of ids, as <see cref="UnitLister.ListAsync"/> gives them.</summary>
    public async IAsyncEnumerable<UnitHead> ListAsync(UnitKind kind, string? from, string? to, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (aside is null)
        {
            await foreach (var head in live.ListAsync(kind, from, to, cancellation)) yield return head;
            yield break;
        }
        await using var put = aside.ListAsync(kind, from, to, cancellation).GetAsyncEnumerator(cancellation);
        await using var there = live.ListAsync(kind, from, to, cancellation).GetAsyncEnumerator(cancellation);
        var (morePut, moreThere) = (await put.MoveNextAsync(), await there.MoveNextAsync());
        while (morePut || moreThere)
        {
            var order = !morePut ? 1 : !moreThere ? -1 : put.Current.Unit.CompareTo(there.Current.Unit);
            yield return order <= 0 ? put.Current : there.Current;
            if (order >= 0) moreThere = await there.MoveNextAsync();
            if (order <= 0) morePut = await put.MoveNextAsync();
        }
    }
}

using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Stores;

/// <summary>A view of a store: of one instant, or <see cref="CutDescription.Moving"/>. Safe for concurrent captures of different shards. Disposing lets go of it.</summary>
public interface ISourceCut : IAsyncDisposable
{
    /// <summary>What the cut is of.</summary>
    CutDescription Description { get; }

    /// <summary>Tells what was written since an earlier cut; null where the store keeps no trace of it.</summary>
    IChangeTracking? Changes => null;

    /// <summary>Splits the store into about <paramref name="wanted"/> shards by what its indexes serve. Together they cover everything, once.</summary>
    Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation);

    /// <summary>Reads a shard into <paramref name="sink"/>. The order of units is the store's; memory is bounded by the largest record.</summary>
    Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation);

    /// <summary>Reads the named units into <paramref name="sink"/>; a unit without records is not reported.</summary>
    Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation);

    /// <summary>Lists every unit that has a record, without reading the records, ordered as <see cref="UnitId"/> orders.</summary>
    IAsyncEnumerable<UnitId> ListAsync(CancellationToken cancellation);

    /// <summary>
    /// The units that go by themselves, ordered as <see cref="UnitId"/> orders; asked when what is captured has been read. Null where the store
    /// has no such thing. A unit may be named that was not captured.
    /// </summary>
    IAsyncEnumerable<UnitExpiry>? Expiries(CancellationToken cancellation) => null;

    /// <summary>
    /// Makes sure that units which an earlier cut had and this one does not list were deleted. A store that keeps no trace of deletions,
    /// and lists what it has without fail, has nothing to say.
    /// </summary>
    /// <exception cref="Backup.Contracts.BackupException">Failed: one is gone and was not deleted.</exception>
    Task EnsureDeletedAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, CancellationToken cancellation) => Task.CompletedTask;
}

/// <summary>When a unit goes by itself.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="At">The time, by the store's clock; where one is set, null means that it stays.</param>
public readonly record struct UnitExpiry(UnitId Unit, DateTimeOffset? At);

/// <summary>A part of a store: a half-open range of ids of one unit kind in the store's own order.</summary>
/// <param name="Number">Number in the plan, from 0.</param>
/// <param name="Kind">Kind of the units.</param>
/// <param name="From">First id, or null for the beginning.</param>
/// <param name="To">First id behind the shard, or null for the end.</param>
/// <param name="Place">Address of the silo that alone can read the shard, or null where every process can.</param>
public sealed record Shard(int Number, UnitKind Kind, string? From, string? To, string? Place = null);

/// <summary>What a cut is of: everything a restore and a later comparison need to know about the source.</summary>
public sealed record CutDescription
{
    /// <summary>Handle by which another process joins the cut while it is held.</summary>
    public required string Token { get; init; }
    /// <summary>The instant, by the source's clock.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>True when the store has no view of one instant: each unit is then read as it is at an instant of its own, at or after <see cref="Time"/>.</summary>
    public bool Moving { get; init; }
    /// <summary>How much later than <see cref="Time"/> the instant may be: what the source's clock leaves out.</summary>
    public TimeSpan Precision { get; init; }
    /// <summary>Of a moving cut that has been read: nothing in it is later. Null as long as that is not known.</summary>
    public DateTimeOffset? Until { get; init; }
    /// <summary>Position in the source's log, or null.</summary>
    public string? Position { get; init; }
    /// <summary>What the source is: <c>systemIdentifier</c>, <c>timeline</c>, <c>database</c>, <c>snapshotXmin</c>, table ids … by name.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }
    /// <summary>The store's layout as JSON, opaque to all but a target of the same kind: tables, columns, types, migrations.</summary>
    public required string Layout { get; init; }
    /// <summary>Expected number of units, for progress only; 0 when unknown.</summary>
    public long UnitsEstimate { get; init; }
    /// <summary>Units that were there, were not deleted and are not in the cut: lost with what held them.</summary>
    public long Lost { get; init; }
    /// <summary>What an operator should know about this capture.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

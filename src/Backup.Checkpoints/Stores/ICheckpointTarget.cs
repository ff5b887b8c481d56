using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Checkpoints.Stores;

/// <summary>A store that can be restored into.</summary>
/// <remarks>Every implementation passes the suite under <c>tests/StoreSuite</c>.</remarks>
public interface ICheckpointTarget : IAsyncDisposable
{
    /// <summary>Names of the layouts a restore may ask for in <see cref="TargetIntent.Generation"/>; none where there is but one.</summary>
    IReadOnlyList<string> Generations => [];

    /// <summary>True when units can go by themselves here.</summary>
    bool Expires => false;

    /// <summary>Looks at the target without changing it: a cut of what it holds, or null when it holds no store yet.</summary>
    /// <exception cref="Backup.Contracts.BackupException">Usage when the target cannot carry what the layout describes, named.</exception>
    Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation);

    /// <summary>What a session would drop (<see cref="ITargetSession.Dropped"/>), as far as it can be said before one writes; changes nothing.</summary>
    Task<IReadOnlyList<DroppedExtra>> DropsAsync(TargetIntent intent, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<DroppedExtra>>([]);

    /// <summary>Opens the target for one restore: makes what is missing and, unless online or fresh, keeps other writers out.</summary>
    Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation);
}

/// <summary>What a restore wants of its target.</summary>
public sealed record TargetIntent
{
    /// <summary>Kind of the source the layout is of.</summary>
    public required string SourceKind { get; init; }
    /// <summary>The captured layout (<see cref="CutDescription.Layout"/>).</summary>
    public required string Layout { get; init; }
    /// <summary>Other writers stay; each thread appears in a transaction of its own.</summary>
    public bool Online { get; init; }
    /// <summary>The captured store's long-term memory is restored too; otherwise its tables are not made.</summary>
    public bool WithMemory { get; init; } = true;
    /// <summary>Afterwards the target holds what is restored and nothing else, whatever it held before.</summary>
    public bool Replaces { get; init; }
    /// <summary>One of the target's <see cref="ICheckpointTarget.Generations"/> that the layout is brought up to; null for as it was captured.</summary>
    public string? Generation { get; init; }
    /// <summary>Who restores. A later owner of the same run ends what the owner before still does to the target.</summary>
    public RunOwner? Owner { get; init; }
}

/// <summary>One owner of a run.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Epoch">Grows with every owner.</param>
public sealed record RunOwner(string Run, int Epoch);

/// <summary>
/// One restore into one target: open loaders and load; <see cref="SettleAsync"/>; read back and compare; <see cref="CommitAsync"/>.
/// Disposing without a commit undoes what the session can undo.
/// </summary>
public interface ITargetSession : IAsyncDisposable
{
    /// <summary>True when the target held no record at the start: no conflict is possible.</summary>
    bool Fresh { get; }

    /// <summary>How many loaders may work at once; 1 when the session is a single transaction.</summary>
    int MaxLoaders { get; }

    /// <summary>
    /// What was captured beside the records and has no place here, complete when everything is loaded. A part of a record is refused instead.
    /// </summary>
    IReadOnlyList<DroppedExtra> Dropped => [];

    /// <summary>Opens a loader.</summary>
    Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation);

    /// <summary>What the target holds now, as this session sees it. One at a time, and not while a loader is loading.</summary>
    Task<ISourceCut> ReadAsync(CancellationToken cancellation);

    /// <summary>Removes units with every record of theirs.</summary>
    Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation);

    /// <summary>
    /// Of units that are left as they are: has each live until its time at least, and for ever where there is none. None goes earlier for it;
    /// one that is not there is passed over. In effect with the commit at the latest.
    /// </summary>
    Task ProlongAsync(IReadOnlyCollection<UnitExpiry> units, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Everything is loaded: builds keys and indexes that were left for last.</summary>
    Task SettleAsync(CancellationToken cancellation);

    /// <summary>The comparison held: makes the restore final.</summary>
    Task CommitAsync(CancellationToken cancellation);
}

/// <summary>Loads units. Used by one worker; a unit becomes visible whole or not at all.</summary>
public interface ITargetLoader : IAsyncDisposable
{
    /// <summary>A unit begins. With <paramref name="replace"/> every record the target holds of it goes first, in the same transaction.</summary>
    ValueTask BeginAsync(UnitId unit, bool replace, CancellationToken cancellation);

    /// <summary>The unit that has begun goes by itself at that time, never being there without it. Only where <see cref="ICheckpointTarget.Expires"/>.</summary>
    void ExpireAt(DateTimeOffset time) => throw new NotSupportedException();

    /// <summary>One record of the unit.</summary>
    ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation);

    /// <summary>The unit is complete.</summary>
    ValueTask EndAsync(CancellationToken cancellation);

    /// <summary>Sends everything and, where the session is not one transaction, commits it. Disposing without it drops what was not sent.</summary>
    Task CompleteAsync(CancellationToken cancellation);
}

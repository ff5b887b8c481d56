using Backup.Checkpoints.Model;
using Backup.Grains.Memory.Log;
using Orleans.Runtime;

namespace Backup.Grains.Memory;

/// <summary>One silo's part of the memory stores. Key: <see cref="Abstractions.GrainKeys.MemorySilo"/>; it lives on the silo its key names.</summary>
[Alias("backup.IMemorySiloGrain")]
internal interface IMemorySiloGrain : IGrainWithStringKey
{
    /// <summary>Holds the writers of a store for a cut, for a short time.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cut">Id of the cut.</param>
    /// <param name="session">The restore the cut is taken for, or null.</param>
    /// <exception cref="Contracts.BackupException">Conflict: another restore has the store. Unreachable: the silo is leaving.</exception>
    [Alias("Prepare")]
    Task<CutStand> PrepareAsync(string store, string cut, string? session);

    /// <summary>Takes the snapshot and lets the writers go on; returns the number of units in it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cut">Id of the cut.</param>
    /// <param name="keeper">Who needs the snapshot.</param>
    /// <param name="position">The cut's position, the same on all silos.</param>
    /// <param name="logged">True when a change log needs what was there.</param>
    /// <param name="parts">The silos that take part.</param>
    /// <exception cref="Contracts.BackupException">Unreachable: the writers were let go on their own, or a later cut was taken.</exception>
    [Alias("Take")]
    Task<int> TakeAsync(string store, string cut, string keeper, ulong position, bool logged, IReadOnlyList<SiloAddress> parts);

    /// <summary>Lets the writers go on without a snapshot, or the snapshot go that was taken.</summary>
    [Alias("Abandon")]
    Task AbandonAsync(string store, string cut);

    /// <summary>One more who needs the snapshot, or one who still does; false when it is gone.</summary>
    [Alias("Keep")]
    Task<bool> KeepAsync(string cut, string keeper);

    /// <summary>One who needs the snapshot no more; with the last it goes.</summary>
    [Alias("Release")]
    Task ReleaseAsync(string cut, string keeper);

    /// <summary>Splits the snapshot into shards; null when it is gone.</summary>
    [Alias("Plan")]
    Task<IReadOnlyList<ShardRange>?> PlanAsync(string cut, int wanted);

    /// <summary>The next units of the snapshot behind <paramref name="after"/>, in order; none at the end, null when it is gone.</summary>
    [Alias("List")]
    Task<IReadOnlyList<string>?> ListAsync(string cut, string? after);

    /// <summary>A page of the records of those units that are in the snapshot; null when it is gone.</summary>
    [Alias("Read")]
    Task<UnitPage?> ReadAsync(string cut, IReadOnlyList<string> units, PagePosition from);

    /// <summary>Begins a restore, and keeps writers out unless it is online; returns true when there is nothing in the store.</summary>
    [Alias("OpenRestore")]
    Task<bool> OpenRestoreAsync(string store, string session, bool online);

    /// <summary>The restore goes on; one that is not heard of is undone.</summary>
    [Alias("RenewRestore")]
    Task RenewRestoreAsync(string session);

    /// <summary>Takes pieces of units in; a unit is swapped in when it is complete.</summary>
    [Alias("PutRestore"), ResponseTimeout("00:02:00")]
    Task PutRestoreAsync(string session, IReadOnlyList<UnitPiece> pieces);

    /// <summary>Removes those of the units that are here.</summary>
    [Alias("RemoveRestore"), ResponseTimeout("00:02:00")]
    Task RemoveRestoreAsync(string session, IReadOnlyList<string> units);

    /// <summary>Makes the restore final.</summary>
    [Alias("CommitRestore"), ResponseTimeout("00:02:00")]
    Task CommitRestoreAsync(string session);

    /// <summary>Sets everything back.</summary>
    [Alias("UndoRestore"), ResponseTimeout("00:02:00")]
    Task UndoRestoreAsync(string session);

    /// <summary>Where the store's newest cut lies here, and whether a change log needs what was there.</summary>
    [Alias("Stand")]
    Task<CutStand> StandAsync(string store);

    /// <summary>The silos that took part in the cut at a position; null when this one does not know it.</summary>
    [Alias("LogParts")]
    Task<IReadOnlyList<SiloAddress>?> LogPartsAsync(string store, ulong position);

    /// <summary>Moves the cut at <paramref name="from"/> to a later position; false when something was changed since.</summary>
    [Alias("LogPass")]
    Task<bool> LogPassAsync(string store, ulong from, ulong to);

    /// <summary>The positions of the cuts behind <paramref name="from"/> up to <paramref name="to"/>.</summary>
    [Alias("LogPositions")]
    Task<IReadOnlyList<ulong>> LogPositionsAsync(string store, ulong from, ulong to);

    /// <summary>A page of what was changed between two cuts.</summary>
    [Alias("LogRead"), ResponseTimeout("00:02:00")]
    Task<LogPage> LogReadAsync(string store, LogSpan span, PagePosition from);

    /// <summary>Everything below the position is covered.</summary>
    [Alias("LogTrim")]
    Task LogTrimAsync(string store, ulong position);

    /// <summary>Bytes of older states that are kept for the log.</summary>
    [Alias("LogRetained")]
    Task<long> LogRetainedAsync(string store);

    /// <summary>The log needs nothing any more.</summary>
    [Alias("LogDrop")]
    Task LogDropAsync(string store);

    /// <summary>Takes over pieces of units of a silo that leaves; those that are complete with them are held here when the call returns.</summary>
    /// <exception cref="Contracts.BackupException">Failed: there is no room. Unreachable: this silo is leaving too. None of them was taken.</exception>
    [Alias("Adopt"), ResponseTimeout("00:02:00")]
    Task AdoptAsync(string store, SiloAddress from, IReadOnlyList<UnitPiece> pieces);
}

/// <summary>A shard of one silo's snapshot.</summary>
/// <param name="Kind">Kind of the units.</param>
/// <param name="From">First id, or null.</param>
/// <param name="To">First id behind it, or null.</param>
[GenerateSerializer, Immutable, Alias("backup.ShardRange")]
internal sealed record ShardRange([property: Id(0)] UnitKind Kind, [property: Id(1)] string? From, [property: Id(2)] string? To);

/// <summary>Where a store's newest cut lies on a silo.</summary>
/// <param name="Position">Its position; 0 before the first.</param>
/// <param name="Logged">True when a change log needs what was there.</param>
[GenerateSerializer, Immutable, Alias("backup.CutStand")]
internal sealed record CutStand([property: Id(0)] ulong Position, [property: Id(1)] bool Logged);

using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Stores;

/// <summary>
/// Tells which records of a cut were written since an earlier cut of the same store, without reading the others. What it calls
/// untouched must be what the earlier cut saw; what it calls touched may be the same after all. Deletions leave no trace here: they
/// are found by comparing counts and keys.
/// </summary>
public interface IChangeTracking
{
    /// <summary>How the store stands to the one an earlier cut was of.</summary>
    Continuity ContinuityWith(EarlierCut earlier);

    /// <summary>Every unit that has a record, ordered as <see cref="UnitId"/> orders, without reading the records.</summary>
    IAsyncEnumerable<UnitActivity> ActivityAsync(EarlierCut earlier, CancellationToken cancellation);

    /// <summary>Counts and key digests of the untouched records of the named units; their contents are not read.</summary>
    Task<IReadOnlyDictionary<UnitId, UnitDigest>> DigestUntouchedKeysAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, CancellationToken cancellation);

    /// <summary>
    /// Reads the touched records of the named units into <paramref name="sink"/>. Of a moving cut a unit that has changed since its untouched
    /// keys were digested is not reported.
    /// </summary>
    Task CaptureTouchedAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation);
}

/// <summary>An earlier cut as a backup recorded it.</summary>
/// <param name="Identity">Its <see cref="CutDescription.Identity"/>.</param>
/// <param name="Position">Its <see cref="CutDescription.Position"/>.</param>
/// <param name="Layout">Its <see cref="CutDescription.Layout"/>.</param>
public sealed record EarlierCut(IReadOnlyDictionary<string, string> Identity, string? Position, string Layout);

/// <summary>What is known of a unit without reading its records.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Touched">True when a record of it was written since the earlier cut.</param>
/// <param name="Counts">Records by kind, indexed by <see cref="RecordKind"/>.</param>
/// <param name="Content">Where the store keeps it: the unit's <see cref="UnitDigest.Content"/>. It alone then tells whether the unit is what the base has.</param>
public readonly record struct UnitActivity(UnitId Unit, bool Touched, IReadOnlyList<long> Counts, Digest256? Content = null);

/// <summary>How a store stands to an earlier cut.</summary>
/// <param name="Kind">What follows from it.</param>
/// <param name="Reason">Why, in words; empty when it goes on.</param>
public readonly record struct Continuity(ContinuityKind Kind, string Reason = "");

/// <summary>What follows from the identity of a store.</summary>
public enum ContinuityKind
{
    /// <summary>It is the same store, gone on: touched records can be told.</summary>
    GoesOn,
    /// <summary>It may be the same store, but what was touched cannot be told: compare everything.</summary>
    Compare,
    /// <summary>It is another store: nothing may be concluded from the earlier cut.</summary>
    Foreign,
}

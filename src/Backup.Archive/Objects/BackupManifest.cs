using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>The object <c>runs/RUN/manifest-ATTEMPT</c>: everything a backup consists of. It counts once a seal names its digest.</summary>
public sealed record BackupManifest : IJsonOnDeserialized
{
    /// <summary>Id of the backup and of the run that made it.</summary>
    public required string BackupId { get; init; }
    /// <summary>Strategy in lower case: <c>full</c>, <c>incremental</c>, <c>differential</c>; <c>merged</c> and <c>synthetic</c> for derived ones, with and without a base.</summary>
    public required string Strategy { get; init; }
    /// <summary>The program that wrote it.</summary>
    public required string Writer { get; init; }
    /// <summary>When the run began, by the writer's clock.</summary>
    public required DateTimeOffset Started { get; init; }
    /// <summary>When the manifest was written, by the writer's clock.</summary>
    public required DateTimeOffset Finished { get; init; }
    /// <summary>What was captured, and at which instant.</summary>
    public required ManifestSource Source { get; init; }
    /// <summary>The backup this one holds the changes since; null when it holds everything.</summary>
    public BaseReference? Base { get; init; }
    /// <summary>What it was made of in place of the source; null for one that was captured.</summary>
    public Derivation? Derived { get; init; }
    /// <summary>True when nothing in it was taken for unchanged without reading it.</summary>
    public bool Compared { get; init; } = true;
    /// <summary>The segments. Pieces of the index name them by their place in this list.</summary>
    public required IReadOnlyList<ObjectReference> Segments { get; init; }
    /// <summary>The index of all units.</summary>
    public required IndexReference Index { get; init; }
    /// <summary>Totals of everything there was at the cut, what stands in the base included.</summary>
    public required Totals Totals { get; init; }
    /// <summary>Hash over all units and their digests in order, 32 bytes: equal roots mean equal content.</summary>
    public required byte[] StateRoot { get; init; }
    /// <summary>The run's other objects: leases, shard results, shard indexes. Not needed to restore; their loss or change is reported.</summary>
    public required IReadOnlyList<ObjectDigest> Working { get; init; }
    /// <summary>What an operator should know.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
    /// <summary>When units go by themselves; null where the source has no such thing or it was not captured. Not part of the state root.</summary>
    public ExpiryReference? Expiries { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Segments.Contains(null!) || Expiries?.Pages.Contains(null!) == true || Working.Contains(null!) || Warnings.Contains(null!) || Source.Identity.Values.Contains(null!)
            || (Derived is not null && (!RunId.IsValid(Derived.BackupId) || Derived.Inputs.Contains(null!) || Derived.Unchecked < 0)))
            throw new JsonException("a member of the manifest is null");
    }
}

/// <summary>Says what a derived backup was made of, without the source.</summary>
/// <param name="BackupId">The backup it equals: same cut, same state root.</param>
/// <param name="Inputs">Ids of what was merged, newest first: backups, and derived ones among them.</param>
/// <param name="Unchecked">How many captures in a row, up to that backup, took something for unchanged without reading it.</param>
public sealed record Derivation(string BackupId, IReadOnlyList<string> Inputs, int Unchecked);

/// <summary>Names the backup that another one builds on by what it is, not by its bytes.</summary>
/// <param name="BackupId">Its id.</param>
/// <param name="CutTime">Its cut, by the source's clock.</param>
/// <param name="StateRoot">Its state root.</param>
public sealed record BaseReference(string BackupId, DateTimeOffset CutTime, byte[] StateRoot);

/// <summary>The source as it was at the cut.</summary>
public sealed record ManifestSource
{
    /// <summary>Configured name.</summary>
    public required string Name { get; init; }
    /// <summary>Kind.</summary>
    public required string Kind { get; init; }
    /// <summary>The instant, by the source's clock.</summary>
    public required DateTimeOffset CutTime { get; init; }
    /// <summary>Set where units were read each at an instant of its own: the last of those instants lies before it. Null where all were read at <see cref="CutTime"/>.</summary>
    public DateTimeOffset? CutUntil { get; init; }
    /// <summary>When everything in it was read: nothing in it is later.</summary>
    [JsonIgnore]
    public DateTimeOffset Until => CutUntil ?? CutTime;
    /// <summary>Position in the source's log, or null.</summary>
    public string? CutPosition { get; init; }
    /// <summary>What the source is, by name.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }
    /// <summary>The store's layout, opaque to the archive.</summary>
    public required JsonElement Layout { get; init; }
}

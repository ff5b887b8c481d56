namespace Backup.Archive.Objects;

/// <summary>What this machine last saw of an archive: the seals without successor. Kept outside the archive; an archive that has lost them was rolled back.</summary>
public sealed record LastSeenRecord
{
    /// <summary>Id of the archive.</summary>
    public required string ArchiveId { get; init; }
    /// <summary>The seals without successor.</summary>
    public required IReadOnlyList<ObjectDigest> Heads { get; init; }
}

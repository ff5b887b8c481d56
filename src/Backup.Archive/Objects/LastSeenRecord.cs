using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backup.Archive.Objects;

/// <summary>What this machine last saw of an archive: the seals without successor. Kept outside the archive; an archive that has lost them was rolled back.</summary>
public sealed record LastSeenRecord : IJsonOnDeserialized
{
    /// <summary>Id of the archive.</summary>
    public required string ArchiveId { get; init; }
    /// <summary>The seals without successor.</summary>
    public required IReadOnlyList<ObjectDigest> Heads { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Heads.Contains(null!)) throw new JsonException("a head is null");
    }
}

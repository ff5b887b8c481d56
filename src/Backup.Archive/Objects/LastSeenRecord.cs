using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backup.Archive.Objects;

/// <summary>What this machine last saw of an archive: the seals without successor, and the ends of change logs. Kept outside the archive; an archive that has lost them was rolled back.</summary>
public sealed record LastSeenRecord : IJsonOnDeserialized
{
    /// <summary>Id of the archive.</summary>
    public required string ArchiveId { get; init; }
    /// <summary>The seals without successor.</summary>
    public required IReadOnlyList<ObjectDigest> Heads { get; init; }
    /// <summary>How far the change logs went.</summary>
    public IReadOnlyList<LogEnd> Logs { get; init; } = [];

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Heads.Contains(null!) || Logs is null || Logs.Contains(null!)) throw new JsonException("a head is null");
    }
}

/// <summary>The newest close marker of a source's log.</summary>
/// <param name="Source">Name of the source.</param>
/// <param name="Epoch">The marker's epoch.</param>
/// <param name="Sequence">The marker's number.</param>
/// <param name="Object">Its object.</param>
public sealed record LogEnd(string Source, int Epoch, long Sequence, string Object);

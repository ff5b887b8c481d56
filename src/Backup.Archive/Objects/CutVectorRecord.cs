using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>Says in a seal that backups of several sources were asked for together, and where each of them was cut.</summary>
/// <param name="Begun">When they were asked for, by the clock of who asked: every cut is later.</param>
/// <param name="Cuts">One for each source.</param>
public sealed record CutVectorRecord(DateTimeOffset Begun, IReadOnlyList<VectorCut> Cuts) : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Cuts.Count < 2 || Cuts.Any(c => c is null || !RunId.IsValid(c.BackupId)) || Cuts.DistinctBy(c => c.Source).Count() != Cuts.Count)
            throw new JsonException("a cut vector is not what it should be");
    }
}

/// <summary>The cut of one source.</summary>
/// <param name="Source">Its name.</param>
/// <param name="BackupId">The backup.</param>
/// <param name="Time">The instant, by the source's clock.</param>
/// <param name="Position">Position in the source's log, or null.</param>
public sealed record VectorCut(string Source, string BackupId, DateTimeOffset Time, string? Position = null);

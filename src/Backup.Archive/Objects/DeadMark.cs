using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Contracts;

namespace Backup.Archive.Objects;

/// <summary>
/// The object <c>dead/RUN-MARK</c>: the run was silent for so long that it will not be let seal. Whoever seals it all the same finds the
/// mark afterwards and reports no success; the run is collected when it is still not sealed long after.
/// </summary>
public sealed record DeadMark : IJsonOnDeserialized
{
    /// <summary>The run.</summary>
    public required string Run { get; init; }
    /// <summary>The last sign of life that was seen: when the storage says the run's newest object was created.</summary>
    public required DateTimeOffset LastSign { get; init; }
    /// <summary>When it was marked, by the clock of the one who did. The storage's own time of the object is what counts.</summary>
    public required DateTimeOffset Time { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (!RunId.IsValid(Run)) throw new JsonException("the run of the mark is none");
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backup.Archive.Objects;

/// <summary>The object <c>runs/RUN/expiries-ATTEMPT-N</c>: units of a backup that go by themselves, ordered by key.</summary>
/// <param name="Units">The units.</param>
public sealed record ExpiryPage(IReadOnlyList<ExpiryEntry> Units) : IJsonOnDeserialized
{
    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Units.Contains(null!)) throw new JsonException("a unit is null");
    }
}

/// <summary>When a unit goes by itself.</summary>
/// <param name="Key">Its unit key.</param>
/// <param name="At">The time, by the source's clock.</param>
public sealed record ExpiryEntry(byte[] Key, DateTimeOffset At);

/// <summary>Where a backup says when its units go by themselves: the pages, in the order of their keys.</summary>
/// <param name="Units">How many units do. Some of them may not be in the backup.</param>
/// <param name="Pages">The pages; each is among the manifest's working objects too.</param>
public sealed record ExpiryReference(long Units, IReadOnlyList<ExpiryPageReference> Pages);

/// <summary>Names a page.</summary>
/// <param name="First">Key of its first unit.</param>
/// <param name="Object">Its name.</param>
public sealed record ExpiryPageReference(byte[] First, string Object);

using System.Text.Json;
using System.Text.Json.Serialization;
using Backup.Archive.Units;

namespace Backup.Archive.Objects;

/// <summary>
/// The object <c>logs/SOURCE/ticks/EPOCH-SEQUENCE-ATTEMPT</c>: closes one interval of a change log. Every commit of the source at a position
/// from <see cref="From"/> on to before <see cref="To"/> is in it. Without it the changes do not count.
/// </summary>
public sealed record TickMarker : IJsonOnDeserialized
{
    /// <summary>Configured name of the source.</summary>
    public required string Source { get; init; }
    /// <summary>Epoch of the owner that closed it.</summary>
    public required int Epoch { get; init; }
    /// <summary>1 + that of the tick before.</summary>
    public required long Sequence { get; init; }
    /// <summary>The marker of the tick before; null for the first of all.</summary>
    public ObjectDigest? Previous { get; init; }
    /// <summary>First position covered.</summary>
    public required ulong From { get; init; }
    /// <summary>First position not covered.</summary>
    public required ulong To { get; init; }
    /// <summary>When the source had nothing more below <see cref="To"/>, by its own clock.</summary>
    public required DateTimeOffset SourceTime { get; init; }
    /// <summary>When the marker was written, by the writer's clock.</summary>
    public required DateTimeOffset Closed { get; init; }
    /// <summary>Why what lies between the tick before and this one is not covered; null when the one goes on where the other ended.</summary>
    public string? Gap { get; init; }
    /// <summary>What the source is; null where it is as in the tick before.</summary>
    public IReadOnlyDictionary<string, string>? Identity { get; init; }
    /// <summary>Layout of the store, opaque to the archive; null where it is as in the tick before.</summary>
    public JsonElement? Layout { get; init; }
    /// <summary>The commits with changes, in order: of each the position and the time (docs/format.md, Ticks).</summary>
    public required byte[] Commits { get; init; }
    /// <summary>Records removed in all units at once.</summary>
    public required IReadOnlyList<Truncation> Truncations { get; init; }
    /// <summary>The changes, in parts that follow one another in time; empty when nothing changed.</summary>
    public required IReadOnlyList<UnitSet> Parts { get; init; }
    /// <summary>How many changes.</summary>
    public required long Changes { get; init; }
    /// <summary>Of a level the run of ticks it stands for; null for a tick.</summary>
    public CoveredTicks? Covers { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (To < From) throw new JsonException("a tick ends before it begins");
        if (Covers is { Ticks: < 1 }) throw new JsonException("a level stands for no tick");
        if (Truncations.Contains(null!) || Parts.Contains(null!)) throw new JsonException("a member of the tick is null");
    }
}

/// <summary>A run of ticks, each following the one before.</summary>
/// <param name="First">Digest of the first one's marker.</param>
/// <param name="Last">Digest of the last one's marker.</param>
/// <param name="Ticks">How many they are.</param>
public sealed record CoveredTicks(ObjectDigest First, ObjectDigest Last, long Ticks);

/// <summary>Every record of some kinds was removed at once.</summary>
/// <param name="Position">Position of the commit.</param>
/// <param name="Ordinal">Number of the change in its transaction.</param>
/// <param name="Kinds">The kinds of record.</param>
public sealed record Truncation(ulong Position, uint Ordinal, IReadOnlyList<int> Kinds);

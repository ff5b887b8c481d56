using System.Text.Json;
using System.Text.Json.Serialization;

namespace Backup.Archive.Objects;

/// <summary>The object <c>runs/RUN/sSHARD-ATTEMPT.done</c>: what the capture of one shard made. A shard is done when it is there.</summary>
public sealed record ShardResult : IJsonOnDeserialized
{
    /// <summary>Name of this object.</summary>
    public required string Name { get; init; }
    /// <summary>Number of the shard.</summary>
    public required int Shard { get; init; }
    /// <summary>Fingerprint of the cut it was read at; results of another cut do not count.</summary>
    public required string Cut { get; init; }
    /// <summary>The shard's segments, in order.</summary>
    public required IReadOnlyList<ObjectReference> Segments { get; init; }
    /// <summary>The shard's index; its pieces count segments from the first of <see cref="Segments"/>.</summary>
    public required IndexReference Index { get; init; }
    /// <summary>Totals.</summary>
    public required Totals Totals { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Segments.Contains(null!)) throw new JsonException("a segment is null");
    }
}

/// <summary>An index object and where its root page is.</summary>
/// <param name="Object">The index object.</param>
/// <param name="RootOffset">Offset of the root page's frame.</param>
/// <param name="RootLength">Stored length of the root page's frame.</param>
public sealed record IndexReference(ObjectReference Object, long RootOffset, long RootLength);

/// <summary>Totals of a shard or a backup.</summary>
/// <param name="Units">Units of every kind.</param>
/// <param name="Threads">Units that are threads.</param>
/// <param name="Records">Records.</param>
/// <param name="RawBytes">Bytes of the encoded records.</param>
public sealed record Totals(long Units, long Threads, long Records, long RawBytes)
{
    /// <summary>Nothing.</summary>
    public static readonly Totals None = new(0, 0, 0, 0);

    /// <summary>The sum.</summary>
    public static Totals operator +(Totals a, Totals b) =>
        new(a.Units + b.Units, a.Threads + b.Threads, a.Records + b.Records, a.RawBytes + b.RawBytes);
}

namespace Backup.Archive.Objects;

/// <summary>The object <c>runs/RUN/lease-EPOCH-N</c>: the owner of a run is alive. The storage's own time of the object is what counts.</summary>
public sealed record LeaseRecord
{
    /// <summary>How many owners the run has had, this one included. The highest epoch listed owns the run.</summary>
    public required int Epoch { get; init; }
    /// <summary>Who: host and process.</summary>
    public required string Owner { get; init; }
    /// <summary>When, by the owner's clock.</summary>
    public required DateTimeOffset Time { get; init; }
}

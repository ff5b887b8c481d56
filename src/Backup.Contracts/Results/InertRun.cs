namespace Backup.Contracts;

/// <summary>Why objects of a run are read by nobody.</summary>
public enum InertKind
{
    /// <summary>The run was never sealed and shows no sign of life.</summary>
    Unsealed,
    /// <summary>It is marked as dead too: it may not be sealed any more.</summary>
    Marked,
    /// <summary>The archive's seals say that it was removed on purpose; its objects are still there.</summary>
    Removed,
    /// <summary>The run is sealed; these objects are of attempts that died, and its manifest does not name them.</summary>
    LeftOver,
}

/// <summary>Objects of one run that nobody reads.</summary>
[GenerateSerializer, Immutable, Alias("backup.InertRun")]
public sealed record InertRun
{
    /// <summary>The run.</summary>
    [Id(0)] public required string RunId { get; init; }
    /// <summary>Why nobody reads them.</summary>
    [Id(1)] public required InertKind Kind { get; init; }
    /// <summary>Since when, by the storage's clock: the run's last sign of life.</summary>
    [Id(2)] public required DateTimeOffset Since { get; init; }
    /// <summary>Since when it is marked as dead, by the storage's clock, or null.</summary>
    [Id(3)] public DateTimeOffset? Marked { get; init; }
    /// <summary>How many objects.</summary>
    [Id(4)] public required long Objects { get; init; }
    /// <summary>Their bytes.</summary>
    [Id(5)] public required long Bytes { get; init; }
    /// <summary>The next step of a collection is not taken before this time, by the storage's clock; null when nothing is waited for.</summary>
    [Id(6)] public DateTimeOffset? Until { get; init; }
}

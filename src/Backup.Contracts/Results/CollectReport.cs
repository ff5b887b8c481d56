namespace Backup.Contracts;

/// <summary>What a collection did, or would do.</summary>
[GenerateSerializer, Immutable, Alias("backup.CollectReport")]
public sealed record CollectReport
{
    /// <summary>Configured name of the archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>Where it is: a path or an URL without credentials.</summary>
    [Id(1)] public required string Location { get; init; }
    /// <summary>True when nothing was written or deleted, and the rest says what would have been.</summary>
    [Id(2)] public bool DryRun { get; init; }
    /// <summary>Runs that are marked as dead from now on.</summary>
    [Id(3)] public required IReadOnlyList<InertRun> Marked { get; init; }
    /// <summary>Runs whose objects were deleted, with how many and how large those were.</summary>
    [Id(4)] public required IReadOnlyList<InertRun> Swept { get; init; }
    /// <summary>Inert runs that are not old enough for their next step.</summary>
    [Id(5)] public required IReadOnlyList<InertRun> Waiting { get; init; }
    /// <summary>Objects deleted.</summary>
    [Id(6)] public long Objects { get; init; }
    /// <summary>Bytes of the objects deleted.</summary>
    [Id(7)] public long Bytes { get; init; }
    /// <summary>Temporary files or uploads of writers that died, removed.</summary>
    [Id(8)] public long Unfinished { get; init; }
    /// <summary>Bytes of those.</summary>
    [Id(9)] public long UnfinishedBytes { get; init; }
}

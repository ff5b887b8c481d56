namespace Backup.Contracts;

/// <summary>Backups of several sources that were asked for together. Each is true for its own cut; docs/operations.md says what holds across them.</summary>
[GenerateSerializer, Immutable, Alias("backup.CutVector")]
public sealed record CutVector
{
    /// <summary>Id of the vector.</summary>
    [Id(0)] public required string VectorId { get; init; }
    /// <summary>Configured name of the archive.</summary>
    [Id(1)] public required string Archive { get; init; }
    /// <summary>When they were asked for, by the clock of who asked: every cut is later.</summary>
    [Id(2)] public required DateTimeOffset Begun { get; init; }
    /// <summary>Seconds between the first and the last cut, as the sources' clocks say.</summary>
    [Id(3)] public required double SpreadSeconds { get; init; }
    /// <summary>The cuts, by source.</summary>
    [Id(4)] public required IReadOnlyList<SourceCut> Cuts { get; init; }
}

/// <summary>The cut of one source in a vector.</summary>
[GenerateSerializer, Immutable, Alias("backup.SourceCut")]
public sealed record SourceCut
{
    /// <summary>Name of the source.</summary>
    [Id(0)] public required string Source { get; init; }
    /// <summary>Its backup.</summary>
    [Id(1)] public required string BackupId { get; init; }
    /// <summary>The instant, by the source's clock.</summary>
    [Id(2)] public required DateTimeOffset CutTime { get; init; }
    /// <summary>Position in the source's log, or null.</summary>
    [Id(3)] public string? CutPosition { get; init; }
    /// <summary>False when the backup was removed since.</summary>
    [Id(4)] public bool Present { get; init; }
}

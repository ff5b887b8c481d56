namespace Backup.Contracts;

/// <summary>What re-wrapping an archive's keys did.</summary>
[GenerateSerializer, Immutable, Alias("backup.ArchiveRewrapReport")]
public sealed record ArchiveRewrapReport
{
    /// <summary>Configured name of the archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>Where it is: a path or an URL without credentials.</summary>
    [Id(1)] public required string Location { get; init; }
    /// <summary>Wraps that were made, by object name; they were seen to open.</summary>
    [Id(2)] public required IReadOnlyList<string> Added { get; init; }
    /// <summary>Wraps that were removed, by object name.</summary>
    [Id(3)] public required IReadOnlyList<string> Removed { get; init; }
    /// <summary>Path of the key file that was made, or null when none was.</summary>
    [Id(4)] public string? KeyFileMade { get; init; }
}

namespace Backup.Contracts;

/// <summary>What making an archive did.</summary>
[GenerateSerializer, Immutable, Alias("backup.ArchiveInitReport")]
public sealed record ArchiveInitReport
{
    /// <summary>Configured name of the archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>Id of the archive, fixed for its life.</summary>
    [Id(1)] public required string ArchiveId { get; init; }
    /// <summary>Where it is: a path or an URL without credentials.</summary>
    [Id(2)] public required string Location { get; init; }
    /// <summary>Version of the format.</summary>
    [Id(3)] public int Format { get; init; }
    /// <summary>Path of the key file that was made, or null when none was.</summary>
    [Id(4)] public string? KeyFileMade { get; init; }
}

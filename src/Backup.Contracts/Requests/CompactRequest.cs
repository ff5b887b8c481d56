namespace Backup.Contracts;

/// <summary>Asks for the compaction of what an archive holds of a source.</summary>
[GenerateSerializer, Immutable, Alias("backup.CompactRequest")]
public sealed record CompactRequest
{
    /// <summary>Name of the source; it need not be configured any more.</summary>
    [Id(0)] public required string Source { get; init; }

    /// <summary>Name of the configured archive.</summary>
    [Id(1)] public required string Archive { get; init; }

    /// <summary>Say what would be done, and write nothing.</summary>
    [Id(2)] public bool DryRun { get; init; }
}

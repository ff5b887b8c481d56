namespace Backup.Contracts;

/// <summary>Asks for one backup of a source into an archive. Names are those of the configuration.</summary>
[GenerateSerializer, Immutable, Alias("backup.BackupRequest")]
public sealed record BackupRequest
{
    /// <summary>Name of the configured source.</summary>
    [Id(0)] public required string Source { get; init; }

    /// <summary>Name of the configured archive.</summary>
    [Id(1)] public required string Archive { get; init; }

    /// <summary>What to capture.</summary>
    [Id(2)] public BackupStrategyKind Strategy { get; init; } = BackupStrategyKind.Full;
}

/// <summary>What one backup captures.</summary>
[GenerateSerializer]
public enum BackupStrategyKind
{
    /// <summary>Everything the source holds at the cut.</summary>
    Full = 0,
    /// <summary>What changed since the latest backup of the source, of whatever strategy.</summary>
    Incremental = 1,
    /// <summary>What changed since the latest full backup of the source.</summary>
    Differential = 2,
}

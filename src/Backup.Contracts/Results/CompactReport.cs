namespace Backup.Contracts;

/// <summary>What a compaction did, or would do.</summary>
[GenerateSerializer, Immutable, Alias("backup.CompactReport")]
public sealed record CompactReport
{
    /// <summary>Name of the source.</summary>
    [Id(0)] public required string Source { get; init; }
    /// <summary>Configured name of the archive.</summary>
    [Id(1)] public required string Archive { get; init; }
    /// <summary>True when nothing was written, and the rest says what would have been.</summary>
    [Id(2)] public bool DryRun { get; init; }
    /// <summary>The derived backups that were made, oldest first.</summary>
    [Id(3)] public required IReadOnlyList<DerivedBackup> Derived { get; init; }
    /// <summary>The levels of the change log that were made, oldest first.</summary>
    [Id(4)] public IReadOnlyList<DerivedLevel> Levels { get; init; } = [];
    /// <summary>Members of the chain that the source's latest backup was read through before; 0 when there is none.</summary>
    [Id(5)] public int LayersBefore { get; init; }
    /// <summary>The same afterwards.</summary>
    [Id(6)] public int LayersAfter { get; init; }
    /// <summary>Bytes read from the archive.</summary>
    [Id(7)] public long BytesRead { get; init; }
    /// <summary>Bytes of data and indexes written to it; of a dry run the bytes that would be merged, which is the most it can be.</summary>
    [Id(8)] public long BytesWritten { get; init; }
    /// <summary>Wall time in seconds.</summary>
    [Id(9)] public double Seconds { get; init; }
}

/// <summary>A backup that was made of others, without the source.</summary>
[GenerateSerializer, Immutable, Alias("backup.DerivedBackup")]
public sealed record DerivedBackup
{
    /// <summary>Its own id; null in a dry run.</summary>
    [Id(0)] public string? BackupId { get; init; }
    /// <summary>Id of the backup it equals, which is read through it from now on.</summary>
    [Id(1)] public required string Of { get; init; }
    /// <summary><c>merged</c> where it builds on another backup, <c>synthetic</c> where it holds everything.</summary>
    [Id(2)] public required string Strategy { get; init; }
    /// <summary>Ids of what was merged, newest first.</summary>
    [Id(3)] public required IReadOnlyList<string> Inputs { get; init; }
    /// <summary>Id of the backup it builds on, or null.</summary>
    [Id(4)] public string? BaseId { get; init; }
    /// <summary>Bytes of the inputs in the archive.</summary>
    [Id(5)] public long InputBytes { get; init; }
    /// <summary>Its own bytes in the archive; 0 in a dry run.</summary>
    [Id(6)] public long StoredBytes { get; init; }
    /// <summary>Why these were merged.</summary>
    [Id(7)] public required string Reason { get; init; }
}

/// <summary>A run of ticks of a change log that was merged into one.</summary>
[GenerateSerializer, Immutable, Alias("backup.DerivedLevel")]
public sealed record DerivedLevel
{
    /// <summary>Name of its marker; null in a dry run.</summary>
    [Id(0)] public string? Object { get; init; }
    /// <summary>First position covered.</summary>
    [Id(1)] public required string From { get; init; }
    /// <summary>First position not covered.</summary>
    [Id(2)] public required string To { get; init; }
    /// <summary>How many ticks it stands for.</summary>
    [Id(3)] public long Ticks { get; init; }
    /// <summary>How many changes it holds.</summary>
    [Id(4)] public long Changes { get; init; }
}

namespace Backup.Contracts;

/// <summary>What a check of an archive found.</summary>
[GenerateSerializer, Immutable, Alias("backup.VerifyReport")]
public sealed record VerifyReport
{
    /// <summary>True when nothing is wrong.</summary>
    [Id(0)] public bool Ok { get; init; }
    /// <summary><c>quick</c> or <c>deep</c>.</summary>
    [Id(1)] public required string Depth { get; init; }
    /// <summary>True when every byte of the data was read; a quick check reads none.</summary>
    [Id(2)] public bool DataRead { get; init; }
    /// <summary>Ids of the backups that were checked.</summary>
    [Id(3)] public IReadOnlyList<string> Backups { get; init; } = [];
    /// <summary>Number of objects checked.</summary>
    [Id(4)] public long Objects { get; init; }
    /// <summary>Bytes read from the archive.</summary>
    [Id(5)] public long BytesRead { get; init; }
    /// <summary>Number of threads whose digests were recomputed or compared.</summary>
    [Id(6)] public long Threads { get; init; }
    /// <summary>Damage: parts of the archive that cannot be trusted.</summary>
    [Id(7)] public IReadOnlyList<Finding> Findings { get; init; } = [];
    /// <summary>Threads that differ from the store compared with.</summary>
    [Id(8)] public IReadOnlyList<Finding> Differences { get; init; } = [];
    /// <summary>Wall time in seconds.</summary>
    [Id(9)] public double Seconds { get; init; }
    /// <summary>Ids of the derived backups that were checked.</summary>
    [Id(10)] public IReadOnlyList<string> Derived { get; init; } = [];
}

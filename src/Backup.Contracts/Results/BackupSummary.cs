namespace Backup.Contracts;

/// <summary>One sealed backup as it is listed and reported.</summary>
[GenerateSerializer, Immutable, Alias("backup.BackupSummary")]
public sealed record BackupSummary
{
    /// <summary>Id of the backup (the id of the run that made it).</summary>
    [Id(0)] public required string BackupId { get; init; }
    /// <summary>Strategy name in lower case: <c>full</c>, <c>incremental</c>, <c>differential</c>; of derived ones <c>merged</c>, <c>synthetic</c>.</summary>
    [Id(1)] public required string Strategy { get; init; }
    /// <summary>Configured name of the source at the time.</summary>
    [Id(2)] public required string Source { get; init; }
    /// <summary>Kind of the source: <c>postgres</c>, <c>memory</c>.</summary>
    [Id(3)] public required string SourceKind { get; init; }
    /// <summary>The instant the backup is true for, by the source's clock.</summary>
    [Id(4)] public DateTimeOffset CutTime { get; init; }
    /// <summary>The cut's position in the source's log, or null when it has none.</summary>
    [Id(5)] public string? CutPosition { get; init; }
    /// <summary>Number of threads.</summary>
    [Id(6)] public long Threads { get; init; }
    /// <summary>Number of records of every kind.</summary>
    [Id(7)] public long Records { get; init; }
    /// <summary>Bytes of the encoded records before compression.</summary>
    [Id(8)] public long RawBytes { get; init; }
    /// <summary>Bytes of the backup's objects in the archive.</summary>
    [Id(9)] public long StoredBytes { get; init; }
    /// <summary>Wall time of the run in seconds.</summary>
    [Id(10)] public double Seconds { get; init; }
    /// <summary>Hash over the sorted thread digests, hexadecimal: equal roots mean equal content.</summary>
    [Id(11)] public required string StateRoot { get; init; }
    /// <summary>What an operator should know about this backup; empty when all is well.</summary>
    [Id(12)] public IReadOnlyList<string> Warnings { get; init; } = [];
    /// <summary>Id of the backup this one builds on; null for one that holds everything.</summary>
    [Id(13)] public string? BaseId { get; init; }
    /// <summary>Of a derived backup the id of the one it was made of and is read in place of; null for one that was captured.</summary>
    [Id(14)] public string? Supersedes { get; init; }
    /// <summary>Threads that go by themselves, with their time captured; null where the backup does not say.</summary>
    [Id(15)] public long? Expiring { get; init; }
}

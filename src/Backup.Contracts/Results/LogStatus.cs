namespace Backup.Contracts;

/// <summary>Where the change log of a source stands.</summary>
[GenerateSerializer, Immutable, Alias("backup.LogStatus")]
public sealed record LogStatus
{
    /// <summary>Name of the source.</summary>
    [Id(0)] public required string Source { get; init; }
    /// <summary>Name of the archive the log is kept in; null when it is not known.</summary>
    [Id(1)] public string? Archive { get; init; }
    /// <summary>What the log does.</summary>
    [Id(2)] public LogState State { get; init; }
    /// <summary>How far coverage is behind now; null before the first tick. A source's clock that differs from ours shows here.</summary>
    [Id(3)] public double? LagSeconds { get; init; }
    /// <summary>Bytes of its own log the source keeps for ours; null when it was not asked.</summary>
    [Id(4)] public long? LagBytes { get; init; }
    /// <summary>How far the source is covered; null before the first tick.</summary>
    [Id(5)] public LogPlace? LastClosed { get; init; }
    /// <summary>Any moment of these can be recovered, oldest first.</summary>
    [Id(6)] public IReadOnlyList<RecoverableRange> Recoverable { get; init; } = [];
    /// <summary>What is not covered between the beginning and the end of the log, oldest first.</summary>
    [Id(7)] public IReadOnlyList<LogGap> Gaps { get; init; } = [];
    /// <summary>The silo that keeps the log; null when none is known.</summary>
    [Id(8)] public string? Owner { get; init; }
    /// <summary>Which owner it is, counted in the archive; of the last tick where no owner is known; 0 when there is none.</summary>
    [Id(9)] public int Epoch { get; init; }
    /// <summary>Why nothing advances; null while it does.</summary>
    [Id(10)] public string? Trouble { get; init; }
    /// <summary>What to do about it, or null.</summary>
    [Id(11)] public string? Hint { get; init; }
    /// <summary>True when nothing of the newest stretch can be recovered before a backup was made; null when that is not known.</summary>
    [Id(12)] public bool? NeedsBase { get; init; }
    /// <summary>Why the owner declared its latest gap; null when it declared none.</summary>
    [Id(13)] public string? LastGap { get; init; }
    /// <summary>What the newest of the backups made in the log's place is true for, by the source's clock; null where none was.</summary>
    [Id(14)] public DateTimeOffset? LastPolled { get; init; }
}

/// <summary>What a change log does.</summary>
[GenerateSerializer]
public enum LogState
{
    /// <summary>Nobody was asked who would know: it runs in a Silo.Host.</summary>
    Unknown = 0,
    /// <summary>It is not enabled.</summary>
    Off = 1,
    /// <summary>An owner has begun, and closed nothing yet.</summary>
    Starting = 2,
    /// <summary>It advances.</summary>
    Running = 3,
    /// <summary>It does not advance.</summary>
    Stalled = 4,
    /// <summary>It cannot be kept before somebody has changed a setting, of ours or of the source's server.</summary>
    Refused = 5,
    /// <summary>It cannot be kept, and incremental backups are made at short intervals in its place.</summary>
    Polling = 6,
}

/// <summary>A place in a source's log.</summary>
/// <param name="Position">Everything below it is covered; as the source writes positions.</param>
/// <param name="Time">By the source's clock.</param>
[GenerateSerializer, Immutable, Alias("backup.LogPlace")]
public sealed record LogPlace([property: Id(0)] string Position, [property: Id(1)] DateTimeOffset Time);

/// <summary>Times any of which can be recovered, by the source's clock.</summary>
/// <param name="From">First.</param>
/// <param name="To">Last.</param>
[GenerateSerializer, Immutable, Alias("backup.RecoverableRange")]
public sealed record RecoverableRange([property: Id(0)] DateTimeOffset From, [property: Id(1)] DateTimeOffset To);

/// <summary>Times a log does not cover.</summary>
/// <param name="From">Where coverage ended.</param>
/// <param name="To">Where it began again.</param>
/// <param name="Reason">Why.</param>
[GenerateSerializer, Immutable, Alias("backup.LogGap")]
public sealed record LogGap([property: Id(0)] DateTimeOffset From, [property: Id(1)] DateTimeOffset To, [property: Id(2)] string Reason);

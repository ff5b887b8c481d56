namespace Backup.Contracts;

/// <summary>The state of one run, as it is listed, watched and stored.</summary>
[GenerateSerializer, Immutable, Alias("backup.RunStatus")]
public sealed record RunStatus
{
    /// <summary>Id of the run.</summary>
    [Id(0)] public required string RunId { get; init; }
    /// <summary>What the run does.</summary>
    [Id(1)] public RunKind Kind { get; init; }
    /// <summary>Source of a backup, target of a restore.</summary>
    [Id(2)] public required string Store { get; init; }
    /// <summary>Name of the archive.</summary>
    [Id(3)] public required string Archive { get; init; }
    /// <summary>Where the run stands.</summary>
    [Id(4)] public RunState State { get; init; }
    /// <summary>Grows with every change; a watcher asks for what is newer than it has seen.</summary>
    [Id(5)] public long Version { get; init; }
    /// <summary>When the run was admitted.</summary>
    [Id(6)] public DateTimeOffset Started { get; init; }
    /// <summary>When this status was written.</summary>
    [Id(7)] public DateTimeOffset Updated { get; init; }
    /// <summary>When work last advanced: a run that does not advance is stalled, whatever its state says.</summary>
    [Id(8)] public DateTimeOffset Advanced { get; init; }
    /// <summary>Shards finished.</summary>
    [Id(9)] public int ShardsDone { get; init; }
    /// <summary>Shards in all; 0 before planning.</summary>
    [Id(10)] public int Shards { get; init; }
    /// <summary>Threads finished.</summary>
    [Id(11)] public long Threads { get; init; }
    /// <summary>Threads expected, an estimate; 0 when unknown.</summary>
    [Id(12)] public long ThreadsExpected { get; init; }
    /// <summary>Record bytes moved.</summary>
    [Id(13)] public long RawBytes { get; init; }
    /// <summary>Archive bytes written or read.</summary>
    [Id(14)] public long StoredBytes { get; init; }
    /// <summary>The error of a failed run.</summary>
    [Id(15)] public string? Error { get; init; }
    /// <summary>The class of that error.</summary>
    [Id(16)] public ErrorKind? ErrorKind { get; init; }
    /// <summary>The sealed backup of a finished backup run.</summary>
    [Id(17)] public BackupSummary? Backup { get; init; }
    /// <summary>The report of a finished restore run.</summary>
    [Id(18)] public RestoreReport? Restore { get; init; }
    /// <summary>What to do about the error.</summary>
    [Id(19)] public string? Hint { get; init; }
    /// <summary>How many owners (silos, processes) have worked on the run.</summary>
    [Id(20)] public int Epoch { get; init; }
    /// <summary>The silo that coordinates the run; null in a process of its own.</summary>
    [Id(21)] public string? Owner { get; init; }
    /// <summary>Where the damage is that a run failed with; null for other errors.</summary>
    [Id(22)] public DamagedPlace? Damage { get; init; }
    /// <summary>The report of a finished compaction.</summary>
    [Id(23)] public CompactReport? Compaction { get; init; }

    /// <summary>True when the run will not change any more.</summary>
    public bool IsFinished => State is RunState.Done or RunState.Failed or RunState.Cancelled;
}

/// <summary>A place in an archive that cannot be trusted.</summary>
/// <param name="Object">Name of the object.</param>
/// <param name="Offset">Offset in bytes of the first part that cannot be trusted.</param>
/// <param name="Problem">What is wrong with it.</param>
[GenerateSerializer, Immutable, Alias("backup.DamagedPlace")]
public sealed record DamagedPlace([property: Id(0)] string Object, [property: Id(1)] long Offset, [property: Id(2)] string Problem);

/// <summary>What a run does.</summary>
[GenerateSerializer]
public enum RunKind
{
    /// <summary>Captures a source.</summary>
    Backup = 0,
    /// <summary>Restores into a target.</summary>
    Restore = 1,
    /// <summary>Merges what was captured, without the source.</summary>
    Compaction = 2,
}

/// <summary>Where a run stands.</summary>
[GenerateSerializer]
public enum RunState
{
    /// <summary>Admitted.</summary>
    Planned = 0,
    /// <summary>Waiting for a place or for another run.</summary>
    Waiting = 1,
    /// <summary>Taking the cut.</summary>
    Cutting = 2,
    /// <summary>Reading the source.</summary>
    Capturing = 3,
    /// <summary>Writing index, manifest and seal.</summary>
    Sealing = 4,
    /// <summary>Loading the target.</summary>
    Loading = 5,
    /// <summary>Reading back what was written.</summary>
    Verifying = 6,
    /// <summary>Finished with success.</summary>
    Done = 7,
    /// <summary>Finished with an error.</summary>
    Failed = 8,
    /// <summary>Asked to stop.</summary>
    Cancelling = 9,
    /// <summary>Stopped on request.</summary>
    Cancelled = 10,
    /// <summary>Merging what was captured.</summary>
    Compacting = 11,
}

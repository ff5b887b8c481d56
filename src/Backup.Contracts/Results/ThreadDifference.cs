namespace Backup.Contracts;

/// <summary>What changed in a thread between two points.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadDifference")]
public sealed record ThreadDifference
{
    /// <summary>The thread's id.</summary>
    [Id(0)] public required string ThreadId { get; init; }
    /// <summary>What became of the thread as a whole.</summary>
    [Id(1)] public ThreadChange Change { get; init; }
    /// <summary>The earlier point.</summary>
    [Id(2)] public required ThreadSide From { get; init; }
    /// <summary>The later point.</summary>
    [Id(3)] public required ThreadSide To { get; init; }
    /// <summary>Records that came, went and changed, by kind; kinds without a change are left out.</summary>
    [Id(4)] public required IReadOnlyList<RecordCounts> Records { get; init; }
    /// <summary>The checkpoints that came, went and changed, newest first in each namespace.</summary>
    [Id(5)] public required IReadOnlyList<CheckpointChange> Checkpoints { get; init; }
    /// <summary>The channels of the newest checkpoint of the root graph whose value is not the same at both points.</summary>
    [Id(6)] public required IReadOnlyList<ChannelChange> Channels { get; init; }
    /// <summary>The writes that came, went and changed.</summary>
    [Id(7)] public required IReadOnlyList<WriteChange> Writes { get; init; }
}

/// <summary>A thread at one of two points.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadSide")]
public sealed record ThreadSide
{
    /// <summary>The backup it was read from.</summary>
    [Id(0)] public required string BackupId { get; init; }
    /// <summary>The instant that backup is true for.</summary>
    [Id(1)] public DateTimeOffset CutTime { get; init; }
    /// <summary>The newest checkpoint of the root graph, or null where there is none.</summary>
    [Id(2)] public string? CheckpointId { get; init; }
    /// <summary>Records; 0 where the thread is not there.</summary>
    [Id(3)] public long Records { get; init; }
    /// <summary>Bytes of the records before compression.</summary>
    [Id(4)] public long RawBytes { get; init; }
}

/// <summary>What became of a thread between two points.</summary>
[GenerateSerializer]
public enum ThreadChange
{
    /// <summary>It is the same at both.</summary>
    None = 0,
    /// <summary>It is at the later point only.</summary>
    Created = 1,
    /// <summary>It is at the earlier point only.</summary>
    Deleted = 2,
    /// <summary>Records of it came, went or changed.</summary>
    Changed = 3,
}

/// <summary>What became of a record between two points.</summary>
[GenerateSerializer]
public enum RecordChange
{
    /// <summary>It is at the later point only.</summary>
    Came = 0,
    /// <summary>It is at the earlier point only.</summary>
    Went = 1,
    /// <summary>It is at both, with other contents.</summary>
    Changed = 2,
}

/// <summary>How many records of a kind changed.</summary>
[GenerateSerializer, Immutable, Alias("backup.RecordCounts")]
public sealed record RecordCounts
{
    /// <summary>Kind of the records: <c>checkpoints</c>, <c>blobs</c>, <c>writes</c>.</summary>
    [Id(0)] public required string Kind { get; init; }
    /// <summary>Records at the later point only.</summary>
    [Id(1)] public long Came { get; init; }
    /// <summary>Records at the earlier point only.</summary>
    [Id(2)] public long Went { get; init; }
    /// <summary>Records with other contents.</summary>
    [Id(3)] public long Changed { get; init; }
    /// <summary>Bytes of what came, and of what changed as it is at the later point.</summary>
    [Id(4)] public long BytesCame { get; init; }
    /// <summary>Bytes of what went, and of what changed as it was at the earlier point.</summary>
    [Id(5)] public long BytesWent { get; init; }
}

/// <summary>A checkpoint that came, went or changed.</summary>
[GenerateSerializer, Immutable, Alias("backup.CheckpointChange")]
public sealed record CheckpointChange
{
    /// <summary>What became of it.</summary>
    [Id(0)] public RecordChange Change { get; init; }
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(1)] public required string Namespace { get; init; }
    /// <summary>Id of the checkpoint.</summary>
    [Id(2)] public required string CheckpointId { get; init; }
    /// <summary>Time inside a UUIDv6 checkpoint id, or null for other ids.</summary>
    [Id(3)] public DateTimeOffset? Time { get; init; }
    /// <summary>Metadata <c>source</c>: input, loop, update, fork.</summary>
    [Id(4)] public string? Source { get; init; }
    /// <summary>Metadata <c>step</c>.</summary>
    [Id(5)] public int? Step { get; init; }
}

/// <summary>A channel whose value is not the same at two points.</summary>
[GenerateSerializer, Immutable, Alias("backup.ChannelChange")]
public sealed record ChannelChange
{
    /// <summary>Channel name.</summary>
    [Id(0)] public required string Channel { get; init; }
    /// <summary>The channel at the earlier point, or null where it is not there.</summary>
    [Id(1)] public ChannelState? From { get; init; }
    /// <summary>The channel at the later point, or null where it is not there.</summary>
    [Id(2)] public ChannelState? To { get; init; }
}

/// <summary>A write that came, went or changed.</summary>
[GenerateSerializer, Immutable, Alias("backup.WriteChange")]
public sealed record WriteChange
{
    /// <summary>What became of it.</summary>
    [Id(0)] public RecordChange Change { get; init; }
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(1)] public required string Namespace { get; init; }
    /// <summary>The checkpoint written on.</summary>
    [Id(2)] public required string CheckpointId { get; init; }
    /// <summary>The task that wrote.</summary>
    [Id(3)] public required string TaskId { get; init; }
    /// <summary>Index in the task's writes; negative for the special channels.</summary>
    [Id(4)] public int Index { get; init; }
    /// <summary>Channel written to.</summary>
    [Id(5)] public required string Channel { get; init; }
    /// <summary>Bytes of the record, as it is or was.</summary>
    [Id(6)] public long Size { get; init; }
}

namespace Backup.Contracts;

/// <summary>One thread as a backup holds it.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadView")]
public sealed record ThreadView
{
    /// <summary>The thread's id.</summary>
    [Id(0)] public required string ThreadId { get; init; }
    /// <summary>The backup this view is of.</summary>
    [Id(1)] public required string BackupId { get; init; }
    /// <summary>The instant that backup is true for.</summary>
    [Id(2)] public DateTimeOffset CutTime { get; init; }
    /// <summary>Checkpoints.</summary>
    [Id(3)] public long Checkpoints { get; init; }
    /// <summary>Channel blobs.</summary>
    [Id(4)] public long Blobs { get; init; }
    /// <summary>Pending writes.</summary>
    [Id(5)] public long Writes { get; init; }
    /// <summary>Bytes of the records before compression.</summary>
    [Id(6)] public long RawBytes { get; init; }
    /// <summary>Content digest, hexadecimal: equal digests mean equal content.</summary>
    [Id(7)] public required string Digest { get; init; }
}

/// <summary>One checkpoint of a thread that can be recovered, as the last backup that holds it has it, or where none does as the change log brought it.</summary>
[GenerateSerializer, Immutable, Alias("backup.CheckpointView")]
public sealed record CheckpointView
{
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(0)] public required string Namespace { get; init; }
    /// <summary>Id of the checkpoint.</summary>
    [Id(1)] public required string CheckpointId { get; init; }
    /// <summary>Id of its parent, or null.</summary>
    [Id(2)] public string? ParentId { get; init; }
    /// <summary>Time inside a UUIDv6 checkpoint id, or null for other ids.</summary>
    [Id(3)] public DateTimeOffset? Time { get; init; }
    /// <summary>Metadata <c>source</c>: input, loop, update, fork.</summary>
    [Id(4)] public string? Source { get; init; }
    /// <summary>Metadata <c>step</c>.</summary>
    [Id(5)] public int? Step { get; init; }
    /// <summary>Pending writes stored on it.</summary>
    [Id(6)] public int Writes { get; init; }
    /// <summary>The first backup that holds it; null where only one backup is looked at, and where none holds it but the change log does.</summary>
    [Id(7)] public string? FirstBackupId { get; init; }
    /// <summary>The instant that backup is true for.</summary>
    [Id(8)] public DateTimeOffset? FirstCutTime { get; init; }
    /// <summary>The last backup that holds it; null as <see cref="FirstBackupId"/> is.</summary>
    [Id(9)] public string? LastBackupId { get; init; }
    /// <summary>The instant that backup is true for.</summary>
    [Id(10)] public DateTimeOffset? LastCutTime { get; init; }
    /// <summary>True when the source's latest backup holds it.</summary>
    [Id(11)] public bool InLatest { get; init; }
    /// <summary>When the commit was that brought it, by the source's clock, where a change log saw that; else null.</summary>
    [Id(12)] public DateTimeOffset? LoggedFrom { get; init; }
    /// <summary>When the commit was that took it away, where a change log saw that and it has not come again; else null.</summary>
    [Id(13)] public DateTimeOffset? LoggedUntil { get; init; }
}

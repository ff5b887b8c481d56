namespace Backup.Contracts;

/// <summary>What of one thread of a source is captured in an archive, and what is not yet.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadDelta")]
public sealed record ThreadDelta
{
    /// <summary>Name of the source.</summary>
    [Id(0)] public required string Source { get; init; }
    /// <summary>Name of the archive.</summary>
    [Id(1)] public required string Archive { get; init; }
    /// <summary>The thread's id.</summary>
    [Id(2)] public required string ThreadId { get; init; }
    /// <summary>How far the thread can be recovered: what the newest backup of the source or, where it comes further, its change log is true for. Null before the first backup.</summary>
    [Id(3)] public ThreadCapture? Captured { get; init; }
    /// <summary>What is not captured.</summary>
    [Id(4)] public required PendingChanges Pending { get; init; }
    /// <summary>The thread as each backup of the source that holds it has it, newest first.</summary>
    [Id(5)] public IReadOnlyList<ThreadView> Backups { get; init; } = [];
}

/// <summary>What of a thread can be recovered from an archive.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadCapture")]
public sealed record ThreadCapture
{
    /// <summary>The backup it stands in; null where the source's change log has it.</summary>
    [Id(0)] public string? BackupId { get; init; }
    /// <summary>Position in the source's log, or null when it has none. Over a change log, the position to recover to.</summary>
    [Id(1)] public string? Position { get; init; }
    /// <summary>What it is true for, by the source's clock. At a position of a change log, of the last commit there.</summary>
    [Id(2)] public DateTimeOffset Time { get; init; }
    /// <summary>True when the thread was there; null where that was not looked up.</summary>
    [Id(3)] public bool? Exists { get; init; }
    /// <summary>Checkpoints it had then; null where that was not looked up.</summary>
    [Id(4)] public long? Checkpoints { get; init; }
    /// <summary>Its content digest then, hexadecimal: equal digests mean equal content. Null where it was not there or not looked up.</summary>
    [Id(5)] public string? Digest { get; init; }
}

/// <summary>What a thread's store has of it that an archive has not.</summary>
/// <param name="State">Whether there is anything.</param>
/// <param name="Since">
/// When the oldest of it was written, by the clock of the silo that holds the thread. Where the state is unknown, anything there may be was written after this. Null
/// when nothing is pending, or nothing was ever captured and the time is not known.
/// </param>
/// <param name="Seconds">How long ago that is.</param>
[GenerateSerializer, Immutable, Alias("backup.PendingChanges")]
public sealed record PendingChanges([property: Id(0)] PendingState State, [property: Id(1)] DateTimeOffset? Since, [property: Id(2)] double? Seconds);

/// <summary>Whether a thread has changes that are not captured.</summary>
[GenerateSerializer]
public enum PendingState
{
    /// <summary>Nobody knows: the source is written without us.</summary>
    Unknown = 0,
    /// <summary>Everything is captured.</summary>
    None = 1,
    /// <summary>There are some.</summary>
    Pending = 2,
    /// <summary>The thread was lost with the silo that held it, and what was not captured with it.</summary>
    Lost = 3,
}

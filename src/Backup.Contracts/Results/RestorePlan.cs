namespace Backup.Contracts;

/// <summary>What a restore would do, computed without changing anything.</summary>
[GenerateSerializer, Immutable, Alias("backup.RestorePlan")]
public sealed record RestorePlan
{
    /// <summary>The backup that would be restored.</summary>
    [Id(0)] public required string BackupId { get; init; }
    /// <summary>Name of the target.</summary>
    [Id(1)] public required string Target { get; init; }
    /// <summary>Threads selected.</summary>
    [Id(2)] public long Threads { get; init; }
    /// <summary>Records of the selected threads.</summary>
    [Id(3)] public long Records { get; init; }
    /// <summary>Bytes of the selected records before compression.</summary>
    [Id(4)] public long RawBytes { get; init; }
    /// <summary>Bytes that would be read from the archive.</summary>
    [Id(5)] public long BytesToRead { get; init; }
    /// <summary>Reads of the archive's storage this takes.</summary>
    [Id(6)] public long Reads { get; init; }
    /// <summary>Selected threads that the target holds with the same content.</summary>
    [Id(7)] public long Unchanged { get; init; }
    /// <summary>Number of selected threads that the target holds with another content.</summary>
    [Id(8)] public long Conflicts { get; init; }
    /// <summary>The first of those threads.</summary>
    [Id(9)] public IReadOnlyList<string> ConflictingThreads { get; init; } = [];
    /// <summary>Threads of the target outside the selection: untouched, or removed by a mirror.</summary>
    [Id(10)] public long Untouched { get; init; }
    /// <summary>Threads a mirror would remove.</summary>
    [Id(11)] public long ToRemove { get; init; }
    /// <summary>The instant that backup is true for, by its source's clock.</summary>
    [Id(12)] public DateTimeOffset CutTime { get; init; }
    /// <summary>Selected threads whose time has come (<see cref="ExpiryPolicy"/>): they would not be brought back.</summary>
    [Id(13)] public long Expired { get; init; }
    /// <summary>What was captured beside the records and has no place in the target as it is now; empty when everything has.</summary>
    [Id(14)] public IReadOnlyList<DroppedExtra> Dropped { get; init; } = [];
    /// <summary>Threads that would be written and go by themselves in the target.</summary>
    [Id(15)] public long Expiring { get; init; }
    /// <summary>What an operator should know; empty when all is well.</summary>
    [Id(16)] public IReadOnlyList<string> Warnings { get; init; } = [];
}

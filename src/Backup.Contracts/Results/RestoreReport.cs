namespace Backup.Contracts;

/// <summary>What a restore did.</summary>
[GenerateSerializer, Immutable, Alias("backup.RestoreReport")]
public sealed record RestoreReport
{
    /// <summary>Id of the restore run.</summary>
    [Id(0)] public required string RunId { get; init; }
    /// <summary>The backup that was restored.</summary>
    [Id(1)] public required string BackupId { get; init; }
    /// <summary>Name of the target.</summary>
    [Id(2)] public required string Target { get; init; }
    /// <summary>Selected threads that stand in the target as captured (written now or equal already).</summary>
    [Id(3)] public long Threads { get; init; }
    /// <summary>Records written.</summary>
    [Id(4)] public long Records { get; init; }
    /// <summary>Threads that were in the target with the same content and were not written.</summary>
    [Id(5)] public long Unchanged { get; init; }
    /// <summary>Threads left as they are by <see cref="ConflictPolicy.Skip"/>.</summary>
    [Id(6)] public long Skipped { get; init; }
    /// <summary>Threads removed by a mirror.</summary>
    [Id(7)] public long Removed { get; init; }
    /// <summary>Threads of the target outside the selection.</summary>
    [Id(8)] public long Untouched { get; init; }
    /// <summary>True when the digests read back from the target equal the captured ones, with nothing missing and nothing extra.</summary>
    [Id(9)] public bool Exact { get; init; }
    /// <summary>Threads that others wrote while the restore ran (online restores only).</summary>
    [Id(10)] public IReadOnlyList<string> Concurrent { get; init; } = [];
    /// <summary>Wall time in seconds.</summary>
    [Id(11)] public double Seconds { get; init; }
    /// <summary>Bytes read from the archive.</summary>
    [Id(12)] public long BytesRead { get; init; }
    /// <summary>Reads of the archive's storage.</summary>
    [Id(13)] public long Reads { get; init; }
    /// <summary>What an operator should know; empty when all is well.</summary>
    [Id(14)] public IReadOnlyList<string> Warnings { get; init; } = [];
    /// <summary>The instant that backup is true for, by its source's clock.</summary>
    [Id(15)] public DateTimeOffset CutTime { get; init; }
    /// <summary>The records written, by kind.</summary>
    [Id(16)] public WrittenRecords Written { get; init; } = new();
    /// <summary>What was captured beside the records and has no place in the target; empty when everything has.</summary>
    [Id(17)] public IReadOnlyList<DroppedExtra> Dropped { get; init; } = [];
    /// <summary>Selected threads whose time has come (<see cref="ExpiryPolicy"/>): they were not brought back, nor changed where the target has them.</summary>
    [Id(18)] public long Expired { get; init; }
    /// <summary>Threads written that go by themselves in the target.</summary>
    [Id(19)] public long Expiring { get; init; }
}

namespace Backup.Contracts;

/// <summary>Where a worker stands with its shard.</summary>
[GenerateSerializer, Immutable, Alias("backup.ShardStatus")]
public sealed record ShardStatus
{
    /// <summary>The run, or null when the worker has nothing to do.</summary>
    [Id(0)] public string? RunId { get; init; }
    /// <summary>Fingerprint of the cut the shard is read at.</summary>
    [Id(1)] public string? Cut { get; init; }
    /// <summary>The shard.</summary>
    [Id(2)] public int Shard { get; init; }
    /// <summary>True when it ended, with or without success.</summary>
    [Id(3)] public bool Ended { get; init; }
    /// <summary>Name of the shard's result in the archive; null unless it ended with success.</summary>
    [Id(4)] public string? Result { get; init; }
    /// <summary>The error it ended with.</summary>
    [Id(5)] public string? Error { get; init; }
    /// <summary>The class of that error.</summary>
    [Id(6)] public ErrorKind ErrorKind { get; init; }
    /// <summary>What to do about it.</summary>
    [Id(7)] public string? Hint { get; init; }
    /// <summary>True when the cut is held by nobody any more.</summary>
    [Id(8)] public bool CutLost { get; init; }
    /// <summary>Threads captured so far.</summary>
    [Id(9)] public long Threads { get; init; }
    /// <summary>Record bytes captured so far.</summary>
    [Id(10)] public long RawBytes { get; init; }
    /// <summary>Archive bytes written so far.</summary>
    [Id(11)] public long StoredBytes { get; init; }
}

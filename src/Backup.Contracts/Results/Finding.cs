namespace Backup.Contracts;

/// <summary>One thing that is wrong, where it is, what is lost by it and what to do.</summary>
[GenerateSerializer, Immutable, Alias("backup.Finding")]
public sealed record Finding
{
    /// <summary>Name of the object in the archive, or of the store compared with.</summary>
    [Id(0)] public required string Object { get; init; }
    /// <summary>Offset in bytes inside the object; 0 when the whole object is meant.</summary>
    [Id(1)] public long Offset { get; init; }
    /// <summary>What is wrong.</summary>
    [Id(2)] public required string Problem { get; init; }
    /// <summary>Threads that are affected, at most <see cref="MaxThreads"/> of them.</summary>
    [Id(3)] public IReadOnlyList<string> Threads { get; init; } = [];
    /// <summary>Number of threads affected, the unlisted ones included; -1 when it cannot be known.</summary>
    [Id(4)] public long ThreadCount { get; init; }
    /// <summary>The backup concerned, or null for the archive itself.</summary>
    [Id(5)] public string? BackupId { get; init; }
    /// <summary>What to do next.</summary>
    [Id(6)] public string? Advice { get; init; }

    /// <summary>How many thread ids a finding lists at most.</summary>
    public const int MaxThreads = 100;
}

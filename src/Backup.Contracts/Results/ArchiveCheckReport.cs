namespace Backup.Contracts;

/// <summary>What an archive holds, and whether it can be opened and used.</summary>
[GenerateSerializer, Immutable, Alias("backup.ArchiveCheckReport")]
public sealed record ArchiveCheckReport
{
    /// <summary>Configured name of the archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>Id of the archive, fixed for its life.</summary>
    [Id(1)] public required string ArchiveId { get; init; }
    /// <summary>Where it is: a path or an URL without credentials.</summary>
    [Id(2)] public required string Location { get; init; }
    /// <summary>Version of the format.</summary>
    [Id(3)] public int Format { get; init; }
    /// <summary>Sealed backups.</summary>
    [Id(4)] public long Backups { get; init; }
    /// <summary>Objects of every kind.</summary>
    [Id(5)] public long Objects { get; init; }
    /// <summary>Bytes of all objects.</summary>
    [Id(6)] public long Bytes { get; init; }
    /// <summary>How many runs <see cref="Inert"/> names.</summary>
    [Id(7)] public long InertRuns { get; init; }
    /// <summary>Wraps of the data keys that are there, by name.</summary>
    [Id(8)] public IReadOnlyList<string> Keys { get; init; } = [];
    /// <summary>Damage.</summary>
    [Id(9)] public IReadOnlyList<Finding> Findings { get; init; } = [];
    /// <summary>Runs with objects that nobody reads, and nobody will: invisible, for a collection to take away.</summary>
    [Id(10)] public IReadOnlyList<InertRun> Inert { get; init; } = [];

    /// <summary>True when nothing is wrong.</summary>
    public bool Ok => Findings.Count == 0;
}

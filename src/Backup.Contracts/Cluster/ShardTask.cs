namespace Backup.Contracts;

/// <summary>One shard of a running backup, as a worker gets it.</summary>
[GenerateSerializer, Immutable, Alias("backup.ShardTask")]
public sealed record ShardTask
{
    /// <summary>The run.</summary>
    [Id(0)] public required string RunId { get; init; }
    /// <summary>Epoch of the run's owner; a worker lets go of tasks of older epochs.</summary>
    [Id(1)] public int Epoch { get; init; }
    /// <summary>Configured name of the source.</summary>
    [Id(2)] public required string Source { get; init; }
    /// <summary>Configured name of the archive.</summary>
    [Id(3)] public required string Archive { get; init; }
    /// <summary>Handles by which the run's cut can be joined, any of them.</summary>
    [Id(4)] public required IReadOnlyList<string> CutTokens { get; init; }
    /// <summary>Fingerprint of the cut.</summary>
    [Id(5)] public required string Cut { get; init; }
    /// <summary>What the coordinator's configuration says of source and archive; a silo with another one refuses.</summary>
    [Id(6)] public required string Configuration { get; init; }
    /// <summary>Number of the shard.</summary>
    [Id(7)] public int Shard { get; init; }
    /// <summary>Kind of its units.</summary>
    [Id(8)] public int UnitKind { get; init; }
    /// <summary>First id, or null.</summary>
    [Id(9)] public string? From { get; init; }
    /// <summary>First id behind it, or null.</summary>
    [Id(10)] public string? To { get; init; }
    /// <summary>Address of the silo that alone can read it, or null.</summary>
    [Id(11)] public string? Place { get; init; }
}

namespace Backup.Contracts;

/// <summary>One shard of a running backup, as a worker gets it.</summary>
[GenerateSerializer, Immutable, Alias("backup.ShardTask")]
public sealed record ShardTask
{
    /// <summary>The run's cut.</summary>
    [Id(0)] public required RunCut Cut { get; init; }
    /// <summary>Number of the shard.</summary>
    [Id(1)] public int Shard { get; init; }
    /// <summary>Kind of its units.</summary>
    [Id(2)] public int UnitKind { get; init; }
    /// <summary>First id, or null.</summary>
    [Id(3)] public string? From { get; init; }
    /// <summary>First id behind it, or null.</summary>
    [Id(4)] public string? To { get; init; }
    /// <summary>Address of the silo that alone can read it, or null.</summary>
    [Id(5)] public string? Place { get; init; }
}

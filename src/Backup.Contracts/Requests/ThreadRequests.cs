namespace Backup.Contracts;

/// <summary>Asks for the state of a thread in the backups of a source. Names are those of the configuration.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadStateRequest")]
public sealed record ThreadStateRequest
{
    /// <summary>Name of the configured archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>The source whose backups are looked at.</summary>
    [Id(1)] public required string Source { get; init; }
    /// <summary>The thread's id.</summary>
    [Id(2)] public required string Thread { get; init; }
    /// <summary>The point, as <see cref="RecoveryPoint"/> reads it; null means the latest backup.</summary>
    [Id(3)] public string? At { get; init; }
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(4)] public string Namespace { get; init; } = "";
    /// <summary>The checkpoint to show, as it is stored; null means the newest of the namespace, or the one that <see cref="At"/> names.</summary>
    [Id(5)] public string? Checkpoint { get; init; }
}

/// <summary>Asks what changed in a thread between two points. Names are those of the configuration.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadDifferenceRequest")]
public sealed record ThreadDifferenceRequest
{
    /// <summary>Name of the configured archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>The source whose backups are looked at.</summary>
    [Id(1)] public required string Source { get; init; }
    /// <summary>The thread's id.</summary>
    [Id(2)] public required string Thread { get; init; }
    /// <summary>The earlier point, as <see cref="RecoveryPoint"/> reads it.</summary>
    [Id(3)] public required string From { get; init; }
    /// <summary>The later point; null means the latest backup.</summary>
    [Id(4)] public string? To { get; init; }
}

namespace Backup.Contracts;

/// <summary>The cut of a running backup, as the silos that work for it get it.</summary>
[GenerateSerializer, Immutable, Alias("backup.RunCut")]
public sealed record RunCut
{
    /// <summary>The run.</summary>
    [Id(0)] public required string RunId { get; init; }
    /// <summary>Epoch of the run's owner; what an older owner asks for is refused.</summary>
    [Id(1)] public int Epoch { get; init; }
    /// <summary>Configured name of the source.</summary>
    [Id(2)] public required string Source { get; init; }
    /// <summary>Configured name of the archive.</summary>
    [Id(3)] public required string Archive { get; init; }
    /// <summary>Handles by which the cut can be joined, any of them.</summary>
    [Id(4)] public required IReadOnlyList<string> Tokens { get; init; }
    /// <summary>Fingerprint of the cut.</summary>
    [Id(5)] public required string Fingerprint { get; init; }
    /// <summary>What the run's configuration says of source and archive; a silo with another one refuses.</summary>
    [Id(6)] public required string Configuration { get; init; }
}

namespace Backup.Contracts;

/// <summary>A silo's answer that it holds a run's cut, and works for the run.</summary>
[GenerateSerializer, Immutable, Alias("backup.CutHeld")]
public sealed record CutHeld
{
    /// <summary>Handle of the cut as this silo holds it; null when no living process holds the cut any more.</summary>
    [Id(0)] public string? Token { get; init; }
    /// <summary>How many shards the silo works on at once.</summary>
    [Id(1)] public int Slots { get; init; }
}

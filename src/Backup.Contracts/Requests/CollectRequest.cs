namespace Backup.Contracts;

/// <summary>Asks for the collection of what nobody reads.</summary>
[GenerateSerializer, Immutable, Alias("backup.CollectRequest")]
public sealed record CollectRequest
{
    /// <summary>The least age there may be.</summary>
    public static readonly TimeSpan LeastAge = TimeSpan.FromHours(1);

    /// <summary>Name of the configured archive.</summary>
    [Id(0)] public required string Archive { get; init; }

    /// <summary>How long a run must have been silent before it is marked, and how long a mark must stand before the run is swept. At least <see cref="LeastAge"/>.</summary>
    [Id(1)] public TimeSpan OlderThan { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Say what would be done, and write and delete nothing.</summary>
    [Id(2)] public bool DryRun { get; init; }
}

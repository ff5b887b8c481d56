namespace Backup.Contracts;

/// <summary>A wish to have one thread backed up as it is now, and how it stands.</summary>
[GenerateSerializer, Immutable, Alias("backup.ThreadBackup")]
public sealed record ThreadBackup
{
    /// <summary>Name of the archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>The batch it goes with; means nothing to others.</summary>
    [Id(1)] public required string Ticket { get; init; }
    /// <summary>The run that captures the thread; null before it has begun, and where the source's change log does.</summary>
    [Id(2)] public string? RunId { get; init; }
    /// <summary>What it waits for, in words; null when nothing is known to be in its way.</summary>
    [Id(3)] public string? WaitsFor { get; init; }
    /// <summary>What can be relied on from now on; null until then.</summary>
    [Id(4)] public ThreadCapture? Captured { get; init; }
}

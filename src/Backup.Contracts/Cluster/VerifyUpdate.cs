namespace Backup.Contracts;

/// <summary>A check on its way: a status, or at the end the report.</summary>
[GenerateSerializer, Immutable, Alias("backup.VerifyUpdate")]
public sealed record VerifyUpdate
{
    /// <summary>Where the check stands.</summary>
    [Id(0)] public required RunStatus Status { get; init; }
    /// <summary>The report; the last update has it.</summary>
    [Id(1)] public VerifyReport? Report { get; init; }
}

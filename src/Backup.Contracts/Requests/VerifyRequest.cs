namespace Backup.Contracts;

/// <summary>Asks for a check of an archive.</summary>
[GenerateSerializer, Immutable, Alias("backup.VerifyRequest")]
public sealed record VerifyRequest
{
    /// <summary>Name of the configured archive.</summary>
    [Id(0)] public required string Archive { get; init; }

    /// <summary>The backup to check, or null for every backup and the archive itself.</summary>
    [Id(1)] public string? BackupId { get; init; }

    /// <summary>Read, open and digest every byte and close every checkpoint's references; otherwise only seals, manifests, presence and sizes.</summary>
    [Id(2)] public bool Deep { get; init; }

    /// <summary>Compare the threads with this configured store, or null.</summary>
    [Id(3)] public string? Against { get; init; }
}

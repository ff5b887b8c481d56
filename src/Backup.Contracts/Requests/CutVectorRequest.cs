namespace Backup.Contracts;

/// <summary>Asks to record that backups of several sources were made together.</summary>
[GenerateSerializer, Immutable, Alias("backup.CutVectorRequest")]
public sealed record CutVectorRequest
{
    /// <summary>Name of the configured archive.</summary>
    [Id(0)] public required string Archive { get; init; }
    /// <summary>Ids of the backups, of as many sources.</summary>
    [Id(1)] public required IReadOnlyList<string> BackupIds { get; init; }
    /// <summary>When they were asked for, before the first was started.</summary>
    [Id(2)] public required DateTimeOffset Begun { get; init; }
}

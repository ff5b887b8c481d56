namespace Backup.Contracts;

/// <summary>
/// Something captured beside the records that the target of a restore has no place for. A part of a record is never among them: a
/// record that cannot be carried whole is refused.
/// </summary>
[GenerateSerializer, Immutable, Alias("backup.DroppedExtra")]
public sealed record DroppedExtra
{
    /// <summary>What it belonged to: <c>table</c>, <c>thread</c>.</summary>
    [Id(0)] public required string Of { get; init; }
    /// <summary>What it was: <c>layout</c>, <c>index</c>, <c>generated column</c>, <c>trigger</c>, <c>expiry</c>.</summary>
    [Id(1)] public required string What { get; init; }
    /// <summary>How many.</summary>
    [Id(2)] public required long Count { get; init; }
}

using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>What a migration did, and where it stands.</summary>
internal sealed record MigrateReport
{
    /// <summary>Name of the source.</summary>
    public required string From { get; init; }
    /// <summary>Name of the target.</summary>
    public required string To { get; init; }
    /// <summary>Name of the archive it goes through.</summary>
    public required string Archive { get; init; }
    /// <summary>The backup that the target was made equal to last.</summary>
    public required string BackupId { get; init; }
    /// <summary>The instant that backup is true for, by the source's clock.</summary>
    public required DateTimeOffset CutTime { get; init; }
    /// <summary>Its threads.</summary>
    public required long Threads { get; init; }
    /// <summary>Its state root.</summary>
    public required string StateRoot { get; init; }
    /// <summary>What was done, in order; after a cut-over the last is the final increment.</summary>
    public required IReadOnlyList<MigrateRound> Rounds { get; init; }
    /// <summary>True when the last round before the cut-over was short, so that a pause will be.</summary>
    public required bool Ready { get; init; }
    /// <summary>True when source and target both have the state root of the final increment: the target takes over.</summary>
    public bool CutOver { get; init; }
    /// <summary>From the word that the writers stand still to the end of the comparison; null without a cut-over.</summary>
    public double? PauseSeconds { get; init; }
    /// <summary>How the source differs from the final increment: somebody still writes.</summary>
    public IReadOnlyList<Finding> SourceDifferences { get; init; } = [];
    /// <summary>How the target differs from it: somebody writes there already.</summary>
    public IReadOnlyList<Finding> TargetDifferences { get; init; } = [];
    /// <summary>What an operator should know; empty when all is well.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
    /// <summary>Wall time, waiting for an answer left out.</summary>
    public required double Seconds { get; init; }
}

/// <summary>One backup of the source, and the restore of what it changed.</summary>
internal sealed record MigrateRound
{
    /// <summary>The backup.</summary>
    public required string BackupId { get; init; }
    /// <summary>Its strategy.</summary>
    public required string Strategy { get; init; }
    /// <summary>Threads written into the target.</summary>
    public required long Written { get; init; }
    /// <summary>Threads removed from it.</summary>
    public required long Removed { get; init; }
    /// <summary>What the target has no place for.</summary>
    public required IReadOnlyList<DroppedExtra> Dropped { get; init; }
    /// <summary>Wall time of both.</summary>
    public required double Seconds { get; init; }
}

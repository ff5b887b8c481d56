namespace Backup.Cli.Output;

/// <summary>What the demonstration did and measured.</summary>
internal sealed record DemoSummary
{
    /// <summary>True when every thread came back as it was, and the single thread beside it too.</summary>
    public required bool Exact { get; init; }
    public required string BackupId { get; init; }
    public required long Threads { get; init; }
    public required long Checkpoints { get; init; }
    public required long Records { get; init; }
    public required long RawBytes { get; init; }
    public required long StoredBytes { get; init; }
    /// <summary>Making the threads.</summary>
    public required double FillSeconds { get; init; }
    public required double BackupSeconds { get; init; }
    /// <summary>Threads left in the store after it was destroyed.</summary>
    public required long ThreadsAfterLoss { get; init; }
    public required double RestoreSeconds { get; init; }
    public required long ThreadsRestored { get; init; }
    /// <summary>Id of the thread that was restored beside the store, under another id.</summary>
    public required string OneThread { get; init; }
    public required double OneThreadSeconds { get; init; }
    public required long OneThreadBytesRead { get; init; }
    public required long OneThreadReads { get; init; }
    public required double VerifySeconds { get; init; }
    public required long VerifyBytesRead { get; init; }
    /// <summary>Damage the deep check found.</summary>
    public required int Findings { get; init; }
    /// <summary>The whole demonstration.</summary>
    public required double Seconds { get; init; }
    /// <summary>Folder of the archive, when it is left to look at.</summary>
    public string? Archive { get; init; }
}

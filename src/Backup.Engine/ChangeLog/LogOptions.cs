namespace Backup.Engine.ChangeLog;

/// <summary>How a source's change log is kept.</summary>
public sealed record LogOptions
{
    /// <summary>Configured name of the source.</summary>
    public required string Source { get; init; }
    /// <summary>How long changes wait at most before a tick closes.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromSeconds(2);
    /// <summary>How long an idle source's coverage may lag behind: so seldom does it cost an object.</summary>
    public TimeSpan IdleTick { get; init; } = TimeSpan.FromSeconds(30);
    /// <summary>How often an incremental backup is made where the source does not allow its log to be read.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>So many ticks, or levels of them, are merged into one in the background; 0 for none.</summary>
    public int LevelOf { get; init; } = LogLevels.Fan;
    /// <summary>Bytes of its log the source may keep for us. Beyond, the feed is let go and a gap declared, before the source's disk is in danger.</summary>
    public long MaxRetainedBytes { get; init; } = 4L << 30;
}

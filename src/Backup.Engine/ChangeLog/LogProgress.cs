using Backup.Archive.Logs;

namespace Backup.Engine.ChangeLog;

/// <summary>How far a log has come, for those who watch. Safe to read while it runs.</summary>
public sealed class LogProgress
{
    /// <summary>The last tick that was closed; null before the first.</summary>
    public Tick? LastClosed { get; internal set; }
    /// <summary>Bytes of log the source kept for us when it was last asked.</summary>
    public long RetainedBytes { get; internal set; }
    /// <summary>Why nothing advances at the moment; null while it does.</summary>
    public string? Trouble { get; internal set; }
    /// <summary>The last gap this owner declared.</summary>
    public string? Gap { get; internal set; }
}

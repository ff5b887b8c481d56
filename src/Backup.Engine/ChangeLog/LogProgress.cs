using Backup.Archive.Logs;

namespace Backup.Engine.ChangeLog;

/// <summary>How far a log has come, for those who watch. Safe to read while it runs.</summary>
public sealed class LogProgress
{
    private ulong wanted;

    /// <summary>Epoch of the owner; 0 before it has claimed the log.</summary>
    public int Epoch { get; internal set; }
    /// <summary>The last tick that was closed; null before the first.</summary>
    public Tick? LastClosed { get; internal set; }
    /// <summary>First position of the stretch without a gap that <see cref="LastClosed"/> belongs to; null before the first tick.</summary>
    public ulong? Stretch { get; internal set; }
    /// <summary>Bytes of log the source kept for us when it was last asked; null before.</summary>
    public long? RetainedBytes { get; internal set; }
    /// <summary>Why the feed has to be made anew; null once a tick was closed after that.</summary>
    public string? Trouble { get; internal set; }
    /// <summary>A position somebody waits for to be covered: until it is, an idle source is looked at as often as a busy one.</summary>
    public ulong Wanted { get => Volatile.Read(ref wanted); set => Volatile.Write(ref wanted, value); }
    /// <summary>The last gap this owner declared.</summary>
    public string? Gap { get; internal set; }
    /// <summary>How many gaps this owner has declared.</summary>
    public int Gaps { get; internal set; }
}

namespace Backup.Checkpoints.Closure;

/// <summary>A channel's version as a checkpoint names it (formats.md §1.4).</summary>
/// <param name="Channel">Channel name.</param>
/// <param name="Version">Version as the text that blobs are keyed by.</param>
/// <param name="IsInteger">True for the integers of JS savers, which keep a blob row for every version.</param>
public readonly record struct ChannelVersion(string Channel, string Version, bool IsInteger);

using Backup.Contracts;

namespace Backup.Cli.Output;

/// <summary>A run's status in one line.</summary>
internal static class StatusLine
{
    // A run that has not advanced for this long is said to stand still, whatever its state.
    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(60);

    public static string Of(RunStatus status)
    {
        var parts = new List<string> { StateName(status.State) };
        if (status.ThreadsExpected > 0) parts.Add($"{Human.Count(status.Threads)} of about {Human.Count(status.ThreadsExpected, "thread")}");
        else if (status.Threads > 0) parts.Add(Human.Count(status.Threads, "thread"));
        if (status.RawBytes > 0) parts.Add(Human.Size(status.RawBytes));
        if (status.StoredBytes > 0) parts.Add($"{Human.Size(status.StoredBytes)} in the archive");
        if (!status.IsFinished && status.Updated - status.Advanced >= Stalled)
            parts.Add($"no advance for {Human.Duration((status.Updated - status.Advanced).TotalSeconds)}");
        return string.Join(", ", parts);
    }

    /// <summary>How far the run is, between 0 and 1; null when it cannot be known.</summary>
    public static double? Fraction(RunStatus status) =>
        status.ThreadsExpected > 0 ? Math.Min(1, (double)status.Threads / status.ThreadsExpected)
        : status.Shards > 0 ? (double)status.ShardsDone / status.Shards
        : null;

    public static string StateName(RunState state) => state.ToString().ToLowerInvariant();
}

namespace Backup.Checkpoints.Memory;

/// <summary>
/// Where a cut lies among the cuts of its store. A position is a time in ticks of 100 ns since the year 1, moved behind every position that any
/// part of the store has seen: positions are in the order in which cuts are taken, whatever the clocks of the silos show.
/// </summary>
/// <param name="Position">The position.</param>
/// <param name="Logged">True when a change log needs what was there.</param>
/// <param name="Parts">Everybody who holds a part of the store.</param>
internal sealed record CutPlace(ulong Position, bool Logged, IReadOnlyList<string> Parts)
{
    /// <summary>The first position that lies behind another, and not before now.</summary>
    public static ulong Behind(ulong position, DateTimeOffset now) => Math.Max(position + 1, (ulong)now.UtcTicks);

    /// <summary>A position as a time.</summary>
    public static DateTimeOffset Time(ulong position) => new((long)position, TimeSpan.Zero);
}

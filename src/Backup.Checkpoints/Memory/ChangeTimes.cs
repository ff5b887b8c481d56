using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Memory;

/// <summary>
/// When units were first changed behind each of the latest cuts. Which of the cuts came to be a backup is the archive's to say, so all of
/// them are kept, within a bound. Not safe for concurrent use.
/// </summary>
internal sealed class ChangeTimes(int mostEntries)
{
    private readonly List<Interval> intervals = [new(DateTimeOffset.MinValue)];
    private int entries;

    /// <summary>The unit changes now.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="now">The time; the smallest there is where it is not known when the unit changed.</param>
    public void Changed(UnitId unit, DateTimeOffset now)
    {
        if (intervals[^1].First.TryAdd(unit, now)) entries++;
    }

    /// <summary>A cut is taken, later than all before: what changes from now on is not in it.</summary>
    public void Cut(DateTimeOffset time)
    {
        if (intervals[^1].First.Count == 0)
        {
            // Cuts with nothing between them are one.
            intervals[^1].Until = time;
            return;
        }
        intervals.Add(new(time));
        while (intervals.Count > 1 && entries > mostEntries)
        {
            entries -= intervals[0].First.Count;
            intervals.RemoveAt(0);
        }
    }

    /// <summary>When the unit was first changed behind the cut of that time; null when it was not, as far as is known. The cut's own time where it is not known better.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="cut">The cut's time; null for none: since ever.</param>
    public DateTimeOffset? Since(UnitId unit, DateTimeOffset? cut)
    {
        // A cut that is not known was taken without this process, which came later; unless it was forgotten.
        var at = cut is { } time ? intervals.FindIndex(i => i.Cut <= time && time <= i.Until) : -1;
        var exact = at >= 0 || intervals[0].Cut == DateTimeOffset.MinValue;
        foreach (var interval in intervals.Skip(Math.Max(0, at)))
            if (interval.First.TryGetValue(unit, out var first)) return exact && !(cut > first) ? first : cut ?? DateTimeOffset.MinValue;
        return null;
    }

    // What changed behind the cuts from one time to another, with nothing between them.
    private sealed class Interval(DateTimeOffset cut)
    {
        public DateTimeOffset Cut { get; } = cut;

        public DateTimeOffset Until { get; set; } = cut;

        public Dictionary<UnitId, DateTimeOffset> First { get; } = [];
    }
}

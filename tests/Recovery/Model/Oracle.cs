namespace Backup.Tests.Recovery.Model;

/// <summary>Knows what every thread was at every moment.</summary>
internal sealed class Oracle
{
    private readonly Dictionary<string, List<(int Moment, string Rows)>> threads = new(StringComparer.Ordinal);
    private readonly List<Moment> moments = [];

    /// <summary>The moments, oldest first.</summary>
    public IReadOnlyList<Moment> Moments => moments;

    /// <summary>Every thread there ever was.</summary>
    public IReadOnlyCollection<string> Threads => threads.Keys;

    /// <summary>Adds a moment.</summary>
    /// <param name="at">Position and time behind it.</param>
    /// <param name="touched">The threads that may have changed; null for all.</param>
    /// <param name="rows">What those are now; one that is missing is gone.</param>
    public void Add((ulong Position, DateTimeOffset Time) at, IReadOnlyCollection<string>? touched, Dictionary<string, string> rows)
    {
        foreach (var thread in touched ?? threads.Keys.Union(rows.Keys).ToList())
        {
            if (!threads.TryGetValue(thread, out var history)) threads.Add(thread, history = []);
            history.Add((moments.Count, rows.GetValueOrDefault(thread, "")));
        }
        moments.Add(new(moments.Count, at.Position, at.Time));
    }

    /// <summary>The rows of a thread; empty when it was not there.</summary>
    public string At(Moment moment, string thread) => threads.GetValueOrDefault(thread)?.LastOrDefault(h => h.Moment <= moment.Number).Rows ?? "";

    /// <summary>All threads that were there.</summary>
    public Dictionary<string, string> At(Moment moment) => threads.Keys.Select(t => (Thread: t, Rows: At(moment, t))).Where(t => t.Rows.Length > 0).ToDictionary(t => t.Thread, t => t.Rows, StringComparer.Ordinal);
}

/// <summary>A moment between two commits.</summary>
/// <param name="Number">Its place in the life.</param>
/// <param name="Position">Everything committed is below; whatever comes is above.</param>
/// <param name="Time">The same by the server's clock.</param>
internal sealed record Moment(int Number, ulong Position, DateTimeOffset Time);

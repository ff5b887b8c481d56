using System.Collections.Immutable;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Memory;

/// <summary>What units were at the positions of the cuts since the last one that a change log has covered. Not safe for concurrent use.</summary>
/// <param name="time">Clock.</param>
internal sealed class UnitHistory(TimeProvider time)
{
    /// <summary>A log that does not ask for so long goes on with a gap: until then every cut would hold on to what was there.</summary>
    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromMinutes(10);
    private readonly List<PastUnits> past = [];
    private long asked;

    /// <summary>True while a log needs it.</summary>
    public bool IsKept => past.Count > 0;

    /// <summary>A log asks.</summary>
    public void Ask() => asked = time.GetTimestamp();

    /// <summary>Notes a cut, the newest.</summary>
    public void Add(PastUnits units)
    {
        if (IsKept && time.GetElapsedTime(asked) > ForgottenAfter) past.Clear();
        past.Add(units);
    }

    /// <summary>The cut at a position; null when it is not known.</summary>
    public PastUnits? At(ulong position) => past.Find(p => p.Position == position);

    /// <summary>The newest cut at or below a position; null when there is none: nothing was here.</summary>
    public PastUnits? Before(ulong position) => past.FindLast(p => p.Position <= position);

    /// <summary>The positions behind <paramref name="from"/> up to <paramref name="to"/>.</summary>
    public IReadOnlyList<ulong> Positions(ulong from, ulong to) => [.. past.Select(p => p.Position).Where(p => p > from && p <= to)];

    /// <summary>Everything below a position is covered.</summary>
    public void Trim(ulong position) => past.RemoveAll(p => p.Position < position);

    /// <summary>Nothing is needed any more.</summary>
    public void Clear() => past.Clear();

    /// <summary>The oldest cut that is kept, or null.</summary>
    public PastUnits? Oldest => past.Count > 0 ? past[0] : null;
}

/// <summary>The units of one process at a cut.</summary>
/// <param name="Position">The cut's position: what changed before it was changed below.</param>
/// <param name="Parts">Everybody who held a part of the store then.</param>
/// <param name="Units">The units.</param>
internal sealed record PastUnits(ulong Position, IReadOnlyList<string> Parts, ImmutableSortedDictionary<UnitId, MemoryUnit> Units);

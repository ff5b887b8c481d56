using Backup.Archive;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// Merges runs of ticks into levels, and runs of levels into higher ones: whoever reads a moment then reads few markers and parts. Every change
/// and every commit stays, so every moment does. A level takes nothing away and is true whoever writes it.
/// </summary>
/// <param name="archive">The archive.</param>
/// <param name="source">The source.</param>
/// <param name="fan">So many are merged into one.</param>
/// <param name="time">Clock.</param>
public sealed class LogLevels(OpenedArchive archive, string source, int fan, TimeProvider time)
{
    /// <summary>So many are merged into one.</summary>
    public const int Fan = 32;
    private const long MostCommitBytes = 8L << 20; // a marker is one document
    private const int MostTruncations = 10_000;
    private const long MostUnits = 1 << 18; // of which entries are held while a part is written

    /// <summary>How many are merged into one.</summary>
    public int Of => fan;

    /// <summary>Finds the first run that is due: <see cref="Fan"/> of one height that follow one another, all of one identity and layout.</summary>
    /// <returns>Where it begins; null when none is.</returns>
    public int? Due(IReadOnlyList<Tick> ticks)
    {
        var start = 0;
        for (var i = 0; i < ticks.Count; i++)
        {
            if (i == 0 || Height(ticks[i]) != Height(ticks[i - 1]) || !GoesOn(ticks[i], ticks[i - 1])) start = i;
            if (i - start + 1 < fan) continue;
            var run = ticks.Skip(start).Take(fan).ToList();
            if (run.Sum(t => (long)t.Marker.Commits.Length) <= MostCommitBytes && run.Sum(t => t.Marker.Truncations.Count) <= MostTruncations) return start;
            start++;
        }
        return null;
    }

    /// <summary>What a level of a run says; its parts are those of the run.</summary>
    public TickMarker Describe(IReadOnlyList<Tick> run)
    {
        var (first, last) = (run[0], run[^1]);
        return last.Marker with
        {
            Previous = first.Marker.Previous, From = first.Marker.From, Gap = first.Marker.Gap, Identity = first.Marker.Identity, Layout = first.Marker.Layout, Closed = time.GetUtcNow(),
            Commits = CommitList.Encode([.. run.SelectMany(t => CommitList.Decode(t.Marker.Commits))]), Truncations = [.. run.SelectMany(t => t.Marker.Truncations)],
            Parts = [.. run.SelectMany(t => t.Marker.Parts)], Changes = run.Sum(t => t.Marker.Changes), Covers = new(first.First, last.Digest, run.Sum(t => t.Count)),
        };
    }

    /// <summary>Merges a run and writes its level.</summary>
    /// <returns>The level, to be taken in the place of the run, and its object.</returns>
    /// <exception cref="DamageException">A part of a tick is not what was written.</exception>
    public async Task<(Tick Level, ObjectDigest Written)> MergeAsync(IReadOnlyList<Tick> run, CancellationToken cancellation)
    {
        var level = Describe(run);
        var merge = new PartMerge(archive, () => ObjectNames.TickData(source, level.Epoch, Randomness.Token(8)), time);
        var parts = new List<UnitSet>();
        foreach (var group in Groups(level.Parts)) parts.Add(group is [var alone] ? alone : await merge.MergeAsync([.. group.Reverse()], null, cancellation));
        Failpoint.Reach("log.level.parts");
        level = level with { Parts = parts };
        var written = await TickChain.AppendLevelAsync(archive, level, cancellation);
        Failpoint.Reach("log.level");
        return (new(level, run[^1].Digest), written);
    }

    // Parts that follow one another, as many as may be merged into one; a large one stays what it is.
    private static IEnumerable<IReadOnlyList<UnitSet>> Groups(IReadOnlyList<UnitSet> parts)
    {
        var group = new List<UnitSet>();
        foreach (var part in parts)
        {
            if (group.Count > 0 && (group.Count == PartMerge.MostOpen || group.Sum(p => p.Totals.Units) + part.Totals.Units > MostUnits))
            {
                yield return group;
                group = [];
            }
            group.Add(part);
        }
        if (group.Count > 0) yield return group;
    }

    private int Height(Tick tick)
    {
        var height = 0;
        for (var count = tick.Count; count >= fan; count /= fan) height++;
        return height;
    }

    private static bool GoesOn(Tick tick, Tick before) => tick.Marker is { Gap: null, Identity: null, Layout: null } && tick.Follows(before);
}

using Backup.Archive.Catalog;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>A moment of a log and the base it is reached from.</summary>
/// <param name="Stretch">The stretch of the log the moment lies in.</param>
/// <param name="Base">The newest backup at or before the moment whose position in the log is exact.</param>
/// <param name="From">That position: everything below is in the base.</param>
/// <param name="Before">Commits at or above this position come after the moment.</param>
/// <param name="Time">The moment by the source's clock.</param>
public sealed record LogTarget(Coverage Stretch, BackupManifest Base, ulong From, ulong Before, DateTimeOffset Time)
{
    /// <summary>Name of the identity's member that says a cut's position is exact.</summary>
    public const string PositionExact = "positionExact";

    /// <summary>Up to the last commit before the first, in the log's order, that is stamped later.</summary>
    /// <exception cref="BackupException">NotFound: the log does not cover that time, with the ranges it does.</exception>
    public static LogTarget At(DateTimeOffset time, LogCatalog log)
    {
        foreach (var stretch in log.Stretches)
        {
            if (time > stretch.Until) continue;
            var later = Commits(stretch).Where(c => c.Time > time).Select(c => (ulong?)c.Position).FirstOrDefault();
            var before = later ?? stretch.To;
            if (log.BaseBefore(stretch, before, time) is var (manifest, from)) return new(stretch, manifest, from, before, time);
        }
        throw log.NotCovered($"{time:O}");
    }

    /// <summary>Up to the commit at a position, that one included.</summary>
    /// <exception cref="BackupException">
    /// NotFound: the log does not cover that position, with the ranges it does. Usage: it does more than once, because the source began another history.
    /// </exception>
    public static LogTarget At(ulong position, LogCatalog log)
    {
        var covering = log.Stretches.Where(s => position >= s.From && position < s.To).ToList();
        // A server that was promoted, or brought back from a backup, gives the same positions to other commits.
        if (covering.Select(History).Distinct().Count() > 1)
            throw new BackupException(ErrorKind.Usage,
                $"{LogPosition.ToText(position)} is a position of {covering.Count} histories of the source: {string.Join(", ", covering.Select(s => $"{History(s)} from {s.Ticks[0].Marker.SourceTime:O} to {s.Until:O}"))}",
                "Nothing was changed. Give a time: it is of one of them.");
        foreach (var stretch in covering)
        {
            if (log.BaseBefore(stretch, position + 1) is var (manifest, from))
            {
                var time = Commits(stretch).Where(c => c.Position <= position).Select(c => (DateTimeOffset?)c.Time).LastOrDefault();
                return new(stretch, manifest, from, position + 1, time > manifest.Source.CutTime ? time.Value : manifest.Source.CutTime);
            }
        }
        throw log.NotCovered(LogPosition.ToText(position));
    }

    /// <summary>The moment just before the commit at a position.</summary>
    /// <returns>Null when the log does not cover it.</returns>
    public static LogTarget? JustBefore(ulong position, Coverage stretch, LogCatalog log)
    {
        if (log.BaseBefore(stretch, position) is not var (manifest, from)) return null;
        var time = Commits(stretch).TakeWhile(c => c.Position < position).Select(c => (DateTimeOffset?)c.Time).LastOrDefault();
        return new(stretch, manifest, from, position, time > manifest.Source.CutTime ? time.Value : manifest.Source.CutTime);
    }

    /// <summary>The newest moment there is.</summary>
    /// <returns>Null when no stretch has a base.</returns>
    public static LogTarget? Newest(LogCatalog log)
    {
        var stretch = log.Stretches.Count > 0 ? log.Stretches[^1] : null;
        return stretch is not null && log.BaseBefore(stretch, stretch.To) is var (manifest, from) ? new(stretch, manifest, from, stretch.To, stretch.Until) : null;
    }

    /// <summary>The ticks between the base and the moment.</summary>
    public IReadOnlyList<TickMarker> Ticks() => [.. Stretch.Ticks.Select(t => t.Marker).Where(t => t.To > From && t.From < Before)];

    /// <summary>True when the damaged object is a part of a level, and so what the level was made of is there.</summary>
    public bool IsOfLevel(DamageException damage) =>
        Ticks().Any(t => t.Covers is not null && t.Parts.Any(p => p.Index.Object.Name == damage.ObjectName || p.Segments.Any(s => s.Name == damage.ObjectName)));

    private static string History(Coverage stretch) => $"server {stretch.Identity.GetValueOrDefault("systemIdentifier")}, timeline {stretch.Identity.GetValueOrDefault("timeline")}";

    private static IEnumerable<LogCommit> Commits(Coverage stretch) => stretch.Ticks.SelectMany(t => CommitList.Decode(t.Marker.Commits));
}

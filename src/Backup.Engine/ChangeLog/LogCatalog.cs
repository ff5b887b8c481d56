using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>A source's log in an archive, with the backups it can be read from.</summary>
public sealed class LogCatalog
{
    private readonly string source;
    private readonly IReadOnlyList<(BackupManifest Manifest, ulong Position)> bases;

    private LogCatalog(string source, TickChain chain, IReadOnlyList<(BackupManifest, ulong)> bases)
    {
        this.source = source;
        this.bases = bases;
        Chain = chain;
        Stretches = Coverage.Of(chain);
    }

    /// <summary>The log's markers.</summary>
    public TickChain Chain { get; }

    /// <summary>The stretches without a gap, oldest first; empty when the source has no log.</summary>
    public IReadOnlyList<Coverage> Stretches { get; }

    /// <summary>True when levels are read in the place of ticks.</summary>
    public bool HasLevels => Chain.Ticks.Any(t => t.Marker.Covers is not null);

    /// <summary>What can be recovered, oldest first.</summary>
    public IEnumerable<RecoverableRange> Recoverable =>
        Stretches.Select(s => (Stretch: s, Bases: bases.Where(b => Fits(s, b)).ToList())).Where(s => s.Bases.Count > 0)
            .Select(s => new RecoverableRange(s.Bases.Min(b => b.Manifest.Source.CutTime), s.Stretch.Until));

    /// <summary>The first position that can be recovered; null when none can.</summary>
    public ulong? FirstPosition => bases.Where(b => Stretches.Any(s => Fits(s, b))).Select(b => (ulong?)b.Position).Min();

    /// <summary>What lies between the stretches, oldest first.</summary>
    public IEnumerable<LogGap> Gaps => Stretches.Zip(Stretches.Skip(1), (a, b) => new LogGap(a.Until, b.Ticks[0].Marker.SourceTime, b.Gap ?? ""));

    /// <summary>Reads the log of a source and the backups beside it.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="catalog">Its backups.</param>
    /// <param name="source">The source.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="levels">False to read the ticks themselves.</param>
    public static async Task<LogCatalog> LoadAsync(OpenedArchive archive, BackupCatalog catalog, string source, CancellationToken cancellation, bool levels = true)
    {
        var chain = await TickChain.LoadAsync(archive, source, cancellation, levels);
        var bases = new List<(BackupManifest, ulong)>();
        if (chain.Ticks.Count > 0)
        {
            foreach (var link in catalog.Sealed)
            {
                var manifest = await catalog.ReadManifestAsync(link, cancellation);
                if (manifest.Source.Name == source && manifest.Source.Identity.ContainsKey(LogTarget.PositionExact) && LogPosition.Read(manifest.Source.CutPosition) is { } position)
                    bases.Add((manifest, position));
            }
        }
        return new(source, chain, bases);
    }

    /// <summary>The newest backup of a stretch that holds nothing at or above a position, nor anything of after a time where one is given.</summary>
    public (BackupManifest Manifest, ulong Position)? BaseBefore(Coverage stretch, ulong before, DateTimeOffset? at = null)
    {
        var fitting = bases.Where(b => Fits(stretch, b) && b.Position <= before && (at is null || b.Manifest.Source.CutTime <= at)).ToList();
        return fitting.Count > 0 ? fitting.MaxBy(b => b.Position) : null;
    }

    /// <summary>The error of a moment that cannot be recovered.</summary>
    public BackupException NotCovered(string moment)
    {
        var ranges = Recoverable.Select(r => $"{r.From:O} to {r.To:O}").ToList();
        var gaps = string.Join("; ", Gaps.Select(g => $"{g.From:O} to {g.To:O}: {g.Reason}"));
        return new(ErrorKind.NotFound, $"{moment} cannot be recovered for '{source}': the change log does not cover it",
            ranges.Count == 0
                ? $"Nothing was changed. The log needs a backup made while it runs: 'backup create {source}'."
                : $"Nothing was changed. It can be recovered: {string.Join(", ", ranges)}{(gaps.Length > 0 ? $". Not covered: {gaps}" : "")}. 'backup list --source {source}' shows single backups.");
    }

    // The same store, and a position the stretch covers from there on.
    private static bool Fits(Coverage stretch, (BackupManifest Manifest, ulong Position) backup) =>
        backup.Position >= stretch.From && backup.Position <= stretch.To
        && stretch.Identity.All(i => !backup.Manifest.Source.Identity.TryGetValue(i.Key, out var value) || value == i.Value);
}

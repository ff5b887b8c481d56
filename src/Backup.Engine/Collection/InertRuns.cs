using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;

namespace Backup.Engine.Collection;

/// <summary>
/// Finds the objects of an archive that nobody reads, and how long that has been so. A run that is not sealed is among them also while it
/// lives: who asks compares <see cref="InertRun.Since"/> with the time.
/// </summary>
public sealed class InertRuns
{
    private InertRuns(SealChain chain, IReadOnlyList<InertRun> runs)
    {
        Chain = chain;
        Runs = runs;
    }

    /// <summary>The seals, listed after the marks were.</summary>
    public SealChain Chain { get; }

    /// <summary>The runs, oldest first.</summary>
    public IReadOnlyList<InertRun> Runs { get; }

    /// <summary>Looks.</summary>
    /// <remarks>Of an archive whose chain has problems nothing may be taken for inert; the caller checks that.</remarks>
    public static async Task<InertRuns> FindAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        // The order is what makes it safe: a run that has a mark and, listed after it, no seal, was not reported and never will be.
        var marks = await DeadMarks.LoadAsync(archive, cancellation);
        var chain = await SealChain.LoadAsync(archive, cancellation, anew: true); // who deletes believes nothing he remembers
        var removals = chain.Links.Where(link => link.Seal.Removal is not null).SelectMany(link => link.Seal.Removal!.Backups, (link, run) => (Run: run, Link: link)).ToLookup(r => r.Run, r => r.Link);
        var seals = chain.Links.Where(link => link.Seal.Manifest is not null).ToLookup(link => link.Seal.Run, StringComparer.Ordinal);
        var runs = new List<InertRun>();
        foreach (var tally in await TallyAsync(archive, cancellation))
        {
            var run = tally with { Marked = marks.Since.TryGetValue(tally.RunId, out var since) ? since : null };
            if (removals[run.RunId].FirstOrDefault() is { } removal)
            {
                runs.Add(run with { Kind = InertKind.Removed, Since = Later(run.Since, removal.Created) });
            }
            else if (!seals.Contains(run.RunId))
            {
                runs.Add(run with { Kind = run.Marked is null ? InertKind.Unsealed : InertKind.Marked });
            }
            else if (await LeftOvers.FindAsync(archive, new(run.RunId), cancellation) is { Count: > 0 } left)
            {
                runs.Add(run with { Kind = InertKind.LeftOver, Since = seals[run.RunId].Select(link => link.Created).Aggregate(run.Since, Later), Objects = left.Count, Bytes = left.Sum(o => o.Size) });
            }
        }
        return new(chain, runs);
    }

    // What each run has, as if it were not sealed.
    private static async Task<IReadOnlyCollection<InertRun>> TallyAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        var tallies = new SortedDictionary<string, InertRun>(StringComparer.Ordinal);
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.Runs, cancellation))
        {
            if (ObjectNames.RunOf(item.Name) is not { Value: var id }) continue;
            if (!tallies.TryGetValue(id, out var tally)) tally = new() { RunId = id, Kind = InertKind.Unsealed, Since = item.Created, Objects = 0, Bytes = 0 };
            tallies[id] = tally with { Since = Later(tally.Since, item.Created), Objects = tally.Objects + 1, Bytes = tally.Bytes + item.Size };
        }
        return tallies.Values;
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}

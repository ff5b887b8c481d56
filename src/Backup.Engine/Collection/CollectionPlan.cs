using Backup.Archive.Catalog;
using Backup.Contracts;

namespace Backup.Engine.Collection;

/// <summary>Which step is due for which inert run.</summary>
/// <param name="Mark">To be marked as dead: not sealed, and silent for long.</param>
/// <param name="Remove">To be removed by a record in the chain of seals, then swept: marked long ago and still not sealed.</param>
/// <param name="Sweep">Nobody reads these objects and nobody will.</param>
/// <param name="Waiting">Not old enough for their next step.</param>
internal sealed record CollectionPlan(IReadOnlyList<InertRun> Mark, IReadOnlyList<InertRun> Remove, IReadOnlyList<InertRun> Sweep, IReadOnlyList<InertRun> Waiting)
{
    /// <summary>Plans for what was found at <paramref name="now"/>, by the storage's clock.</summary>
    public static CollectionPlan Of(InertRuns found, DateTimeOffset now, TimeSpan age)
    {
        List<InertRun> mark = [], remove = [], sweep = [], waiting = [];
        foreach (var run in found.Runs)
        {
            // Of what is sealed and removed somebody may be reading still; what never was sealed nobody reads.
            var until = run.Kind == InertKind.Removed && !found.Chain.IsSealed(run.RunId) ? now : (run.Kind == InertKind.Marked ? run.Marked!.Value : run.Since) + age;
            if (until > now)
            {
                if (run.Kind != InertKind.Unsealed || Rests(run, now)) waiting.Add(run with { Until = until });
            }
            else if (run.Kind == InertKind.Unsealed)
            {
                mark.Add(run);
            }
            else if (run.Kind == InertKind.Marked)
            {
                remove.Add(run);
            }
            else
            {
                sweep.Add(run);
            }
        }
        return new(mark, remove, sweep, waiting);
    }

    /// <summary>False for a run that may be alive: its owner renews its lease.</summary>
    public static bool Rests(InertRun run, DateTimeOffset now) => now - run.Since > RunLease.StaleAfter;
}

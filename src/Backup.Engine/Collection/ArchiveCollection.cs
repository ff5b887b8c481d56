using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Storage;

namespace Backup.Engine.Collection;

/// <summary>
/// Takes away what nobody reads, in steps that lie apart (docs/format.md, Collection): a run that was silent for long is marked; one that was
/// marked long ago and is still not sealed is removed by a record in the chain of seals, and then its objects are deleted. Each call takes the
/// steps that are due. Any number of collections may run at once, and stop anywhere.
/// </summary>
public sealed class ArchiveCollection(IArchives archives, LastSeen lastSeen, TimeProvider time)
{
    /// <summary>The reason a removal record of a collection gives.</summary>
    public const string Reason = "collection";

    /// <summary>Takes the steps that are due.</summary>
    /// <exception cref="BackupException">Usage: the age is too small. Damage: the seals are not whole, so what is inert is unknown.</exception>
    public async Task<CollectReport> RunAsync(CollectRequest request, CancellationToken cancellation)
    {
        if (request.OlderThan < CollectRequest.LeastAge)
            throw new BackupException(ErrorKind.Usage, "an age of less than an hour is too small for a collection", "A run that lives may be silent for some minutes. Give a greater age, or none for 24 hours.");
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        var now = request.DryRun ? time.GetUtcNow() : await StorageClock.NowAsync(archive.Storage, cancellation);
        var found = await InertRuns.FindAsync(archive, cancellation);
        // A run whose seal is withheld looks inert; deleting its objects would make the loss final.
        if (found.Chain.Problems.Concat(lastSeen.Check(archive, found.Chain)).FirstOrDefault() is { } damage) throw damage;

        var plan = CollectionPlan.Of(found, now, request.OlderThan);
        var unfinished = (await archive.Storage.ListUnfinishedAsync(cancellation).ToListAsync(cancellation)).Where(item => item.Created <= now - request.OlderThan).ToList();
        var swept = request.DryRun ? [.. plan.Remove, .. plan.Sweep] : await ExecuteAsync(archive, plan, cancellation);
        if (!request.DryRun)
        {
            foreach (var item in unfinished) await archive.Storage.DiscardAsync(item.Name, cancellation);
            await StorageClock.TidyAsync(archive.Storage, now - request.OlderThan, cancellation);
            lastSeen.Remember(archive, await SealChain.LoadAsync(archive, cancellation));
        }
        return new()
        {
            Archive = request.Archive, Location = archive.Storage.Location, DryRun = request.DryRun, Marked = plan.Mark, Swept = swept, Waiting = plan.Waiting,
            Objects = swept.Sum(run => run.Objects), Bytes = swept.Sum(run => run.Bytes), Unfinished = unfinished.Count, UnfinishedBytes = unfinished.Sum(item => item.Size),
        };
    }

    private async Task<IReadOnlyList<InertRun>> ExecuteAsync(OpenedArchive archive, CollectionPlan plan, CancellationToken cancellation)
    {
        foreach (var run in plan.Mark)
        {
            await DeadMarks.PutAsync(archive, new(run.RunId), run.Since, time, cancellation);
            Failpoint.Reach("collect.marked");
        }
        var swept = new List<InertRun>();
        if (plan.Remove.Count > 0)
        {
            await SealChain.AppendAsync(archive, RunId.New(time.GetUtcNow()), time, manifest: null, new(plan.Remove.Select(run => run.RunId).ToList(), Reason), cancellation);
            Failpoint.Reach("collect.removed");
            // One that was sealed in this very moment may be being read: its objects are left for a later collection.
            var after = await SealChain.LoadAsync(archive, cancellation);
            foreach (var run in plan.Remove.Where(run => !after.IsSealed(run.RunId))) swept.Add(await SweepAsync(archive, run, cancellation));
        }
        foreach (var run in plan.Sweep) swept.Add(await SweepAsync(archive, run, cancellation));
        return swept;
    }

    private static async Task<InertRun> SweepAsync(OpenedArchive archive, InertRun run, CancellationToken cancellation)
    {
        long objects = 0, bytes = 0;
        foreach (var item in run.Kind == InertKind.LeftOver
            ? await LeftOvers.FindAsync(archive, new(run.RunId), cancellation) : await archive.Storage.ListAllAsync(ObjectNames.Run(new(run.RunId)), cancellation))
        {
            await archive.Storage.DeleteAsync(item.Name, cancellation);
            objects++;
            bytes += item.Size;
            Failpoint.Reach("collect.swept");
        }
        return run with { Objects = objects, Bytes = bytes };
    }
}

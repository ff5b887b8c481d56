using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Progress;

namespace Backup.Engine.Chains;

/// <summary>An incremental or differential backup from cut to seal, by one process: what changed is little, and its two passes go in order.</summary>
public sealed class IncrementRun
{
    private readonly OpenedArchive archive;
    private readonly ICheckpointSource source;
    private readonly BackupRequest request;
    private readonly TimeProvider time;
    private BackupChain chain;

    /// <summary>The warning of a backup that became a full.</summary>
    public const string NothingToBuildOn = "there was no backup to build on: this is a full";
    /// <summary>Layers a unit has at most before it is captured whole again: what reading it costs stays bounded.</summary>
    public const int MaxLayers = 8;
    /// <summary>So many backups in a row may trust the store's own trace of changes; the next compares everything.</summary>
    public const int CompareEvery = 50;

    /// <summary>Prepares a backup that builds on <paramref name="chain"/>.</summary>
    public IncrementRun(OpenedArchive archive, ICheckpointSource source, BackupRequest request, BackupChain chain, TimeProvider time) =>
        (this.archive, this.source, this.request, this.chain, this.time) = (archive, source, request, chain, time);

    /// <summary>Runs to the seal.</summary>
    /// <exception cref="BackupException">Conflict: the source is not the store that the base is of, or a part of it is lost.</exception>
    public async Task<BackupManifest> RunAsync(RunLease lease, DateTimeOffset startedAt, RunProgress progress, CancellationToken cancellation)
    {
        var warnings = new List<string>();
        var (cut, increment, compared, expiries) = await lease.KeepAsync(token => CaptureAroundAsync(progress, warnings, token), cancellation);
        var before = chain.Newest.Totals.Threads;
        if (increment.ThreadsGone > BackupSealing.SuspectShare * before)
            warnings.Add($"suspect: {increment.ThreadsGone} of the {before} threads of backup {chain.Newest.BackupId} are gone; make sure that the source was whole");
        progress.Enter(RunState.Sealing);
        var onto = new BackupSealing.Onto(request.Strategy.ToString().ToLowerInvariant(), new(chain.Newest.BackupId, chain.Newest.Source.CutTime, chain.Newest.StateRoot),
            increment.StateRoot, increment.Totals, compared);
        return await BackupSealing.RunAsync(archive, lease, new(request.Source, source.Kind, cut, startedAt, warnings, expiries), [increment.Shard], time, cancellation, onto);
    }

    // A derived backup that turns out to be damaged is no reason to fail: what it was made of is there.
    private async Task<(CutDescription Cut, Increment Increment, bool Compared, ExpiryReference? Expiries)> CaptureAroundAsync(RunProgress progress, List<string> warnings, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await CaptureAsync(progress, warnings, cancellation);
            }
            catch (DamageException damage)
            {
                if (await chain.AroundAsync(damage, cancellation) is not { } around) throw;
                chain = around;
                warnings.Clear();
                warnings.Add(Replanning.Warning(damage));
                progress.Restart(0, 0);
            }
        }
    }

    private async Task<(CutDescription Cut, Increment Increment, bool Compared, ExpiryReference? Expiries)> CaptureAsync(RunProgress progress, List<string> warnings, CancellationToken cancellation)
    {
        progress.Enter(RunState.Cutting);
        await using var cut = await source.CutAsync(cancellation);
        Failpoint.Reach("increment.cut");
        if (cut.Description.Lost is var lost and > 0)
            throw new BackupException(ErrorKind.Conflict, $"{lost} threads of '{request.Source}' were lost with what held them, and would look deleted in an increment",
                $"Nothing was captured. Restore them first ('backup restore --source {request.Source} --to {request.Source} --conflict skip'), delete them on purpose, or take a full backup, which says that they are missing.");
        var tracking = Tracking(cut, warnings);
        progress.Expect(1, cut.Description.UnitsEstimate);
        progress.Enter(RunState.Capturing);
        var increment = await new IncrementCapture(archive, chain, cut, progress, time).RunAsync(tracking, cancellation);
        return (cut.Description, increment, tracking is null, await ExpiryCapture.RunAsync(archive, cut, progress.Run, cancellation));
    }

    // What a store says of its changes is believed only while it is surely the same store, and not for ever.
    private IChangeTracking? Tracking(ISourceCut cut, List<string> warnings)
    {
        if (cut.Changes is not { } changes) return null;
        var (kind, reason) = changes.ContinuityWith(IncrementCapture.Earlier(chain.Newest));
        if (kind == ContinuityKind.Foreign)
            throw new BackupException(ErrorKind.Conflict, $"source '{request.Source}' is not the store that backup {chain.Newest.BackupId} is of: {reason}",
                $"Nothing was captured. Check the source's connection; if the store was moved on purpose, begin anew with 'backup create {request.Source} --strategy full'.");
        if (kind == ContinuityKind.Compare) warnings.Add($"every thread was compared with the base: {reason}");
        return kind == ContinuityKind.GoesOn && chain.Unchecked < CompareEvery ? changes : null;
    }
}

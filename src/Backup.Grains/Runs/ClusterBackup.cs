using Backup.Abstractions;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Catalog;
using Backup.Engine.Chains;
using Backup.Engine.Compaction;
using Backup.Engine.Progress;
using Backup.Engine.Stores;
using Backup.Grains.Workers;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Runs;

/// <summary>
/// A backup with its shards spread over the cluster's slots. Taken up by a new owner it keeps the shards whose results are in the
/// archive, as long as some silo still holds the cut.
/// </summary>
internal sealed class ClusterBackup(
    IArchives archives, ICheckpointStores stores, KeptCuts kept, Slots slots, LastSeen lastSeen, RunInstruments instruments, IGrainFactory grains, TimeProvider time, ILogger<ClusterBackup> logger)
{
    private const int MaxCuts = 3;

    /// <summary>Runs to the end.</summary>
    /// <param name="request">What is backed up.</param>
    /// <param name="configuration">What the run's configuration says of source and archive.</param>
    /// <param name="progress">The run.</param>
    /// <param name="before">The cut of an owner before this one.</param>
    /// <param name="save">Called with the cut whenever there is more to know of it.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task RunAsync(BackupRequest request, string configuration, RunProgress progress, CutRecord? before, Action<CutRecord> save, CancellationToken cancellation)
    {
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        if (await FindSealedAsync(archive, progress.Run, cancellation) is { } done)
        {
            progress.Finish(Summaries.Of(done), null);
            return;
        }
        var lease = await RunLease.ClaimAsync(archive, progress.Run, slots.LocalName, time, cancellation);
        Failpoint.Reach("run.claimed");
        var manifest = await IncrementAsync(archive, lease, request, progress, cancellation)
            ?? await FullAsync(archive, lease, request, configuration, progress, before, save, cancellation);
        lastSeen.Remember(archive, await SealChain.LoadAsync(archive, CancellationToken.None));
        progress.Finish(Summaries.Of(manifest), null);
    }

    // A chain that was read through so many layers and has one more now.
    private Task UpkeepAsync(BackupRequest request, BackupChain grown) =>
        grown.Members.Count + 1 < ChainPolicy.Due ? Task.CompletedTask : grains.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive(request.Archive)).UpkeepAsync(request.Source);

    private Task<BackupManifest> FullAsync(
        OpenedArchive archive, RunLease lease, BackupRequest request, string configuration, RunProgress progress, CutRecord? before, Action<CutRecord> save, CancellationToken cancellation) =>
        lease.KeepAsync(async token =>
        {
            try
            {
                var captured = await CaptureAsync(archive, lease, request, configuration, progress, before, save, token);
                await ReleaseAsync(lease); // the cut is held no longer than the capture
                progress.Enter(RunState.Sealing);
                var subject = new BackupSealing.Subject(request.Source, captured.SourceKind, captured.Cut.Description, progress.Snapshot().Started, captured.Warnings, captured.Expiries);
                return await BackupSealing.RunAsync(archive, lease, subject, captured.Results, time, token);
            }
            catch (Exception error)
            {
                // Where the run goes on with another owner, the other silos hold the cut for it.
                if (error is OwnershipLostException || (cancellation.IsCancellationRequested && progress.Snapshot().State != RunState.Cancelling)) await kept.ReleaseAsync(lease.Run.Value, lease.Epoch);
                else await ReleaseAsync(lease);
                throw;
            }
        }, cancellation);

    // What changed is little, and is captured by the coordinator alone, from the beginning when another takes over.
    // Null when everything is asked for, or there is nothing to build on.
    private async Task<BackupManifest?> IncrementAsync(OpenedArchive archive, RunLease lease, BackupRequest request, RunProgress progress, CancellationToken cancellation)
    {
        if (request.Strategy == BackupStrategyKind.Full) return null;
        await using var source = await stores.OpenSourceAsync(request.Source, cancellation);
        if (await BaseChoice.FindAsync(archive, request, source.Kind, cancellation) is not { } chain) return null;
        var manifest = await new IncrementRun(archive, source, request, chain, time).RunAsync(lease, progress.Snapshot().Started, progress, cancellation);
        await UpkeepAsync(request, chain);
        return manifest;
    }

    // An owner before this one may have sealed the run and not lived to say so.
    private static async Task<BackupManifest?> FindSealedAsync(OpenedArchive archive, RunId run, CancellationToken cancellation)
    {
        var catalog = await BackupCatalog.LoadAsync(archive, cancellation);
        if (catalog.Sealed.FirstOrDefault(link => link.Seal.Run == run.Value) is not { } link) return null;
        var manifest = await catalog.ReadManifestAsync(link, cancellation);
        await BackupSealing.ConfirmAsync(archive, manifest, link.Seal.Manifest!.Object, cancellation);
        return manifest;
    }

    private async Task<Captured> CaptureAsync(
        OpenedArchive archive, RunLease lease, BackupRequest request, string configuration, RunProgress progress, CutRecord? before, Action<CutRecord> save, CancellationToken cancellation)
    {
        for (var lost = false; ; lost = true)
        {
            progress.Enter(RunState.Cutting);
            var (cut, sourceKind) = await CutAsync(lease, request, configuration, before, lost, cancellation);
            Failpoint.Reach("run.cut");
            save(before = cut);
            try
            {
                var (results, refusals) = await CaptureAsync(archive, RunCutOf(lease, request, configuration, cut), cut, progress, save, cancellation);
                IEnumerable<string> anew = cut.Number > 1 ? [$"no silo that lived held the cut any more, so a new cut was taken ({cut.Number - 1} of them did not count)"] : [];
                IEnumerable<string> instead = request.Strategy == BackupStrategyKind.Full ? [] : [IncrementRun.NothingToBuildOn];
                // Only where units are read at instants of their own do they go by themselves.
                var expiries = cut.Description.Moving ? await ExpiryCapture.RunAsync(archive, (await kept.JoinAsync(RunCutOf(lease, request, configuration, cut), cancellation)).Cut, lease.Run, cancellation) : null;
                return new(cut, sourceKind, results, [.. instead, .. anew, .. refusals], expiries);
            }
            catch (CutLostException error) when (cut.Number < MaxCuts)
            {
                RunLog.CutLost(logger, lease.Run.Value, error.Message);
                instruments.CutLost();
            }
        }
    }

    // The cut of the owner before, or a new one. It is this silo's kept cut from now on.
    private async Task<(CutRecord Cut, string SourceKind)> CutAsync(RunLease lease, BackupRequest request, string configuration, CutRecord? before, bool lost, CancellationToken cancellation)
    {
        var source = await stores.OpenSourceAsync(request.Source, cancellation);
        try
        {
            if (before is not null && !lost && await TryJoinAsync(source, before, cancellation) is { } joined)
            {
                await kept.OfferAsync(RunCutOf(lease, request, configuration, before), source, joined);
                return (before, source.Kind);
            }
            if (before is not null) RunLog.CutTakenAnew(logger, lease.Run.Value);
            var cut = await source.CutAsync(cancellation);
            var plan = await cut.PlanAsync(Math.Max(1, slots.Estimate) * BackupRun.ShardsPerWorker, cancellation);
            var record = new CutRecord((before?.Number ?? 0) + 1, cut.Description, ShardCapture.Fingerprint(cut.Description), plan, [cut.Description.Token]);
            await kept.OfferAsync(RunCutOf(lease, request, configuration, record), source, cut);
            return (record, source.Kind);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    private static async Task<ISourceCut?> TryJoinAsync(ICheckpointSource source, CutRecord before, CancellationToken cancellation)
    {
        try
        {
            return await KeptCuts.JoinAsync(source, before.Tokens, cancellation);
        }
        catch (CutLostException)
        {
            return null;
        }
    }

    private async Task<(IReadOnlyList<ShardResult> Results, IReadOnlyCollection<string> Refusals)> CaptureAsync(
        OpenedArchive archive, RunCut run, CutRecord cut, RunProgress progress, Action<CutRecord> save, CancellationToken cancellation)
    {
        progress.Restart(cut.Shards.Count, cut.Description.UnitsEstimate);
        progress.Enter(RunState.Capturing);
        var results = (await ShardResults.ListAsync(archive, progress.Run, cut.Fingerprint, cancellation)).ToDictionary(r => r.Shard);
        foreach (var done in results.Values)
        {
            progress.ShardDone();
            progress.Moved(done.Totals.Threads, done.Totals.RawBytes, done.Segments.Sum(s => s.Size));
        }
        var distribution = new ShardDistribution(slots, run, cut.Shards.Where(s => !results.ContainsKey(s.Number)).ToList(), progress, instruments, time, logger);
        foreach (var name in await distribution.RunAsync(tokens => save(cut with { Tokens = tokens }), cancellation))
        {
            var result = await ShardResults.ReadAsync(archive, name, cancellation);
            results[result.Shard] = result;
        }
        return (results.Values.OrderBy(r => r.Shard).ToList(), distribution.Refusals);
    }

    // Silos that do not answer find out by themselves: what is not asked for is let go of.
    private async Task ReleaseAsync(RunLease lease)
    {
        await kept.ReleaseAsync(lease.Run.Value, lease.Epoch);
        await Task.WhenAll(slots.Silos().Select(silo => ReleaseAsync(silo, lease)));
    }

    private async Task ReleaseAsync(string silo, RunLease lease)
    {
        try
        {
            await slots.Worker(silo, 0).ReleaseAsync(lease.Run.Value, lease.Epoch);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            RunLog.NotReleased(logger, lease.Run.Value, slots.Name(silo), error.Message);
        }
    }

    private static RunCut RunCutOf(RunLease lease, BackupRequest request, string configuration, CutRecord cut) => new()
    {
        RunId = lease.Run.Value, Epoch = lease.Epoch, Source = request.Source, Archive = request.Archive,
        Tokens = cut.Tokens, Fingerprint = cut.Fingerprint, Configuration = configuration,
    };

    private sealed record Captured(CutRecord Cut, string SourceKind, IReadOnlyList<ShardResult> Results, IReadOnlyList<string> Warnings, ExpiryReference? Expiries);
}

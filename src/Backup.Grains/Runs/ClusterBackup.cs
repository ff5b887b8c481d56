using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Catalog;
using Backup.Engine.Progress;
using Backup.Engine.Stores;
using Backup.Grains.Workers;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.Runs;

/// <summary>
/// A backup with its shards spread over the cluster's slots. Taken up by a new owner it keeps the shards whose results are in the
/// archive, as long as some silo still holds the cut.
/// </summary>
internal sealed class ClusterBackup(IArchives archives, ICheckpointStores stores, KeptCuts kept, Slots slots, LastSeen lastSeen, TimeProvider time, ILogger<ClusterBackup> logger)
{
    public async Task RunAsync(BackupRequest request, RunProgress progress, CutRecord? before, Action<CutRecord> save, CancellationToken cancellation)
    {
        var started = progress.Snapshot().Started;
        var archive = await archives.OpenAsync(request.Archive, cancellation);
        var lease = await RunLease.ClaimAsync(archive, progress.Run, slots.Local, time, cancellation);
        progress.Enter(RunState.Cutting);
        var source = await stores.OpenSourceAsync(request.Source, cancellation);
        var (cut, record, anew) = await CutAsync(source, before, progress.Run, cancellation);
        try
        {
            save(record);
            IReadOnlyList<ShardResult> results;
            await using (await kept.OfferAsync(progress.Run.Value, record.Fingerprint, source, cut))
                results = await lease.KeepAsync(token => CaptureAsync(archive, request, record, lease.Epoch, progress, save, token), cancellation);
            await slots.ReleaseAsync(progress.Run.Value); // the cut is held no longer than the capture
            progress.Enter(RunState.Sealing);
            var warnings = anew ? new[] { "the silo that held the first cut was lost; a new cut was taken" } : [];
            var subject = new BackupSealing.Subject(request.Source, source.Kind, record.Description, started, warnings);
            var manifest = await BackupSealing.RunAsync(archive, lease, subject, results, time, cancellation);
            lastSeen.Remember(archive, await SealChain.LoadAsync(archive, CancellationToken.None));
            progress.Finish(Summaries.Of(manifest), null);
        }
        finally
        {
            await slots.ReleaseAsync(progress.Run.Value);
        }
    }

    private async Task<(ISourceCut Cut, CutRecord Record, bool Anew)> CutAsync(ICheckpointSource source, CutRecord? before, RunId run, CancellationToken cancellation)
    {
        foreach (var token in before?.Tokens ?? [])
        {
            try
            {
                return (await source.JoinCutAsync(token, cancellation), before!, false);
            }
            catch (CutLostException)
            {
                // The next token may be held by another silo.
            }
        }
        if (before is not null) RunLog.CutTakenAnew(logger, run.Value);
        var cut = await source.CutAsync(cancellation);
        var shards = await cut.PlanAsync(Math.Max(1, await slots.CountAsync()) * BackupRun.ShardsPerWorker, cancellation);
        return (cut, new(cut.Description, ShardCapture.Fingerprint(cut.Description), shards, [cut.Description.Token]), before is not null);
    }

    private async Task<IReadOnlyList<ShardResult>> CaptureAsync(OpenedArchive archive, BackupRequest request, CutRecord cut, int epoch, RunProgress progress, Action<CutRecord> save, CancellationToken cancellation)
    {
        progress.Expect(cut.Shards.Count, cut.Description.UnitsEstimate);
        progress.Enter(RunState.Capturing);
        var results = (await ShardResults.ListAsync(archive, progress.Run, cut.Fingerprint, cancellation)).ToDictionary(r => r.Shard);
        foreach (var done in results.Values)
        {
            progress.ShardDone();
            progress.Bytes(done.Totals.RawBytes, done.Segments.Sum(s => s.Size));
        }
        var tokens = cut.Tokens.ToHashSet();
        var distribution = new ShardDistribution(slots, progress, time, logger);
        var names = await distribution.RunAsync(cut.Shards.Where(s => !results.ContainsKey(s.Number)).Select(s => new ShardTask
        {
            RunId = progress.Run.Value, Epoch = epoch, Source = request.Source, Archive = request.Archive, CutTokens = [.. tokens], Cut = cut.Fingerprint,
            Configuration = Fingerprint(request), Shard = s.Number, UnitKind = (int)s.Kind, From = s.From, To = s.To, Place = s.Place,
        }), onlyLocal: stores.IsMemory(request.Source), token =>
        {
            lock (tokens)
                if (tokens.Add(token)) save(cut with { Tokens = [.. tokens] });
        }, cancellation);
        foreach (var name in names)
        {
            var result = await ShardResults.ReadAsync(archive, name, cancellation);
            results[result.Shard] = result;
        }
        return results.Values.OrderBy(r => r.Shard).ToList();
    }

    /// <summary>Names what this silo's configuration says of a request's source and archive.</summary>
    public string Fingerprint(BackupRequest request) => $"v1 {stores.Fingerprint(request.Source)} {archives.Fingerprint(request.Archive)}";
}

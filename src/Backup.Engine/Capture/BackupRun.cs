using System.Collections.Concurrent;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Catalog;
using Backup.Engine.Chains;
using Backup.Engine.Progress;

namespace Backup.Engine.Capture;

/// <summary>A backup by one process from cut to seal. A cluster does the same steps with its shards spread over silos.</summary>
public sealed class BackupRun(OpenedArchive archive, ICheckpointSource source, BackupRequest request, string owner, int workers, TimeProvider time)
{
    /// <summary>Shards per worker: enough that none waits long for the last.</summary>
    public const int ShardsPerWorker = 4;

    /// <summary>Runs to the end and returns the sealed backup.</summary>
    public async Task<BackupSummary> RunAsync(RunProgress progress, CancellationToken cancellation)
    {
        try
        {
            var started = time.GetTimestamp();
            var startedAt = time.GetUtcNow();
            var chain = await BaseChoice.FindAsync(archive, request, source.Kind, cancellation);
            var lease = await RunLease.ClaimAsync(archive, progress.Run, owner, time, cancellation);
            var manifest = chain is null
                ? await FullAsync(lease, startedAt, progress, cancellation)
                : await new IncrementRun(archive, source, request, chain, time).RunAsync(lease, startedAt, progress, cancellation);
            var summary = Summaries.Of(manifest) with { Seconds = time.GetElapsedTime(started).TotalSeconds };
            progress.Finish(summary, null);
            return summary;
        }
        catch (Exception error)
        {
            progress.Fail(error);
            throw;
        }
    }

    private async Task<BackupManifest> FullAsync(RunLease lease, DateTimeOffset startedAt, RunProgress progress, CancellationToken cancellation)
    {
        var (cut, shards, expiries) = await lease.KeepAsync(token => CaptureAsync(progress, token), cancellation);
        progress.Enter(RunState.Sealing);
        IReadOnlyList<string> warnings = request.Strategy == BackupStrategyKind.Full ? [] : [IncrementRun.NothingToBuildOn];
        return await BackupSealing.RunAsync(archive, lease, new(request.Source, source.Kind, cut, startedAt, warnings, expiries), shards, time, cancellation);
    }

    // The cut is let go of as soon as the last shard is read.
    private async Task<(CutDescription, IReadOnlyList<ShardResult>, ExpiryReference?)> CaptureAsync(RunProgress progress, CancellationToken cancellation)
    {
        progress.Enter(RunState.Cutting);
        await using var cut = await source.CutAsync(cancellation);
        Failpoint.Reach("capture.cut");
        var plan = await cut.PlanAsync(workers * ShardsPerWorker, cancellation);
        progress.Expect(plan.Count, cut.Description.UnitsEstimate);
        progress.Enter(RunState.Capturing);
        var fingerprint = ShardCapture.Fingerprint(cut.Description);
        var results = new ConcurrentBag<ShardResult>();
        await Parallel.ForEachAsync(plan, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation }, async (shard, token) =>
            results.Add(await ShardCapture.RunAsync(archive, cut, fingerprint, shard, progress, time, token)));
        return (cut.Description, results.OrderBy(r => r.Shard).ToList(), await ExpiryCapture.RunAsync(archive, cut, progress.Run, cancellation));
    }
}

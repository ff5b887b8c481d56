using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.ChangeLog;
using Backup.Engine.Progress;
using Backup.Storage.Metering;

namespace Backup.Engine.Compaction;

/// <summary>
/// Makes a source's chain short again without the source: merges layers into derived backups that are read in place of what they were made
/// of; and merges the ticks of its change log into levels. Nothing is taken away. Works up from where the last compaction stopped, so that every backup on the way is read through few layers.
/// </summary>
public sealed class CompactionRun
{
    private readonly OpenedArchive archive;
    private readonly MeteringStorage meter;
    private readonly CompactRequest request;
    private readonly string owner;
    private readonly TimeProvider time;
    private readonly List<DerivedBackup> made = [];
    private long levelBytes;

    /// <summary>Prepares a compaction.</summary>
    public CompactionRun(OpenedArchive archive, CompactRequest request, string owner, TimeProvider time)
    {
        meter = new(archive.Storage);
        this.archive = archive.Through(meter);
        (this.request, this.owner, this.time) = (request, owner, time);
    }

    /// <summary>Runs to the end.</summary>
    /// <exception cref="BackupException">NotFound: there is no backup of the source. Damage: what is to be merged, or a seal, is damaged.</exception>
    public async Task<CompactReport> RunAsync(RunProgress progress, CancellationToken cancellation)
    {
        try
        {
            var started = time.GetTimestamp();
            progress.Enter(RunState.Compacting);
            var catalog = await BackupCatalog.LoadAsync(archive, cancellation);
            var log = await TickChain.LoadAsync(archive, request.Source, cancellation);
            BackupManifest? newest = null;
            await foreach (var latest in catalog.OfSourceAsync(request.Source, cancellation))
            {
                newest = latest;
                break;
            }
            if (newest is null && log.Ticks.Count == 0) await catalog.LatestAsync(request.Source, cancellation); // which says that there is none
            var before = newest is null ? 0 : (await BackupChain.LoadAsync(catalog, newest, cancellation)).Members.Count;
            var after = newest is null ? 0 : (await ChainsAsync(catalog, newest, progress, cancellation)).Members.Count;
            var levels = await LevelsAsync([.. log.Ticks], cancellation);
            var report = new CompactReport
            {
                Source = request.Source, Archive = request.Archive, DryRun = request.DryRun, Derived = made, LayersBefore = before, LayersAfter = after, Levels = levels,
                BytesRead = meter.BytesRead, BytesWritten = made.Sum(d => request.DryRun ? d.InputBytes : d.StoredBytes) + levelBytes, Seconds = time.GetElapsedTime(started).TotalSeconds,
            };
            progress.Finish(null, null, report);
            return report;
        }
        catch (Exception error)
        {
            progress.Fail(error);
            throw;
        }
    }

    private async Task<IReadOnlyList<DerivedLevel>> LevelsAsync(List<Tick> ticks, CancellationToken cancellation)
    {
        var levels = new LogLevels(archive, request.Source, LogLevels.Fan, time);
        var written = new List<DerivedLevel>();
        while (levels.Due(ticks) is { } start)
        {
            var run = ticks.GetRange(start, levels.Of);
            var (level, digest) = request.DryRun ? (new Tick(levels.Describe(run), run[^1].Digest), null) : await levels.MergeAsync(run, cancellation);
            ticks.RemoveRange(start, run.Count);
            ticks.Insert(start, level);
            written.Add(new() { Object = digest?.Object, From = LogPosition.ToText(level.Marker.From), To = LogPosition.ToText(level.Marker.To), Ticks = level.Count, Changes = level.Marker.Changes });
            levelBytes += request.DryRun ? 0 : level.Marker.Parts.Except(run.SelectMany(t => t.Marker.Parts)).Sum(p => p.Index.Object.Size + p.Segments.Sum(s => s.Size));
        }
        return written;
    }

    // From the newest down to what a compaction has settled already, and from there up again: so whatever was missed is made good, with few layers open at a time.
    private async Task<BackupChain> ChainsAsync(BackupCatalog catalog, BackupManifest newest, RunProgress progress, CancellationToken cancellation)
    {
        var waiting = new Stack<string>();
        var at = newest;
        while (!catalog.IsSuperseded(at.BackupId) && at.Base is { } named && !catalog.IsSuperseded(named.BackupId) && catalog.Captured(named.BackupId) is { } link)
        {
            waiting.Push(at.BackupId);
            at = await catalog.ReadManifestAsync(link, cancellation);
        }
        var chain = await BackupChain.LoadAsync(catalog, at, cancellation);
        while (true)
        {
            while (chain.Members.Count > (waiting.Count == 0 ? ChainPolicy.Settled : ChainPolicy.Most - 1)) chain = await MergeAsync(chain, progress, cancellation);
            if (!waiting.TryPop(out var next)) return chain;
            chain = chain.Under(await catalog.ReadManifestAsync(catalog.Captured(next)!, cancellation));
        }
    }

    private async Task<BackupChain> MergeAsync(BackupChain chain, RunProgress progress, CancellationToken cancellation)
    {
        var count = ChainPolicy.Newest([.. chain.Members.Select(Stored)]);
        var inputs = chain.Members.Take(count).ToList();
        var isFull = count == chain.Members.Count;
        var described = new DerivedBackup
        {
            Of = chain.Newest.BackupId, Strategy = isFull ? "synthetic" : "merged", Inputs = [.. inputs.Select(m => m.BackupId)], BaseId = inputs[^1].Base?.BackupId, InputBytes = inputs.Sum(Stored),
            Reason = isFull ? "what came on top of the full is half of it or more" : $"{chain.Members.Count} layers, where {ChainPolicy.Settled} will do",
        };
        if (request.DryRun)
        {
            made.Add(described);
            return chain.Through(inputs[0] with { Segments = [.. inputs.SelectMany(m => m.Segments)], Base = inputs[^1].Base }, count);
        }
        try
        {
            var derived = await DeriveAsync(chain, inputs, progress, cancellation);
            made.Add(described with { BackupId = derived.BackupId, StoredBytes = Stored(derived) });
            return chain.Through(derived, count);
        }
        catch (DamageException damage)
        {
            if (await chain.AroundAsync(damage, cancellation) is { } around) return around;
            throw;
        }
    }

    private async Task<BackupManifest> DeriveAsync(BackupChain chain, IReadOnlyList<BackupManifest> inputs, RunProgress progress, CancellationToken cancellation)
    {
        var (of, onto) = (chain.Newest, inputs[^1].Base);
        var cut = new CutDescription { Token = "", Time = of.Source.CutTime, Until = of.Source.CutUntil, Position = of.Source.CutPosition, Identity = of.Source.Identity, Layout = of.Source.Layout.GetRawText() };
        var startedAt = time.GetUtcNow();
        var lease = await RunLease.ClaimAsync(archive, made.Count == 0 ? progress.Run : RunId.New(startedAt), owner, time, cancellation);
        Failpoint.Reach("compact.claimed");
        var shards = await lease.KeepAsync(token => new ChainMerge(archive, chain, inputs.Count, progress, time).RunAsync(lease.Run, ShardCapture.Fingerprint(cut), token), cancellation);
        var expiries = await ExpiryCapture.CopyAsync(archive, of.Expiries, lease.Run, cancellation);
        var derivation = new Derivation(of.BackupId, [.. inputs.Select(m => m.BackupId)], BackupChain.UncheckedOf(inputs));
        var manifest = await BackupSealing.RunAsync(archive, lease, new(of.Source.Name, of.Source.Kind, cut, startedAt, [], expiries), shards, time, cancellation,
            new(onto is null ? "synthetic" : "merged", onto, of.StateRoot, of.Totals, inputs.Any(m => m.Compared), derivation, chain.Members.Count - inputs.Count + 1));
        Failpoint.Reach("compact.sealed");
        return manifest;
    }

    private static long Stored(BackupManifest manifest) => manifest.Segments.Sum(s => s.Size) + manifest.Index.Object.Size;
}

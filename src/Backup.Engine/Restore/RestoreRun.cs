using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Chains;
using Backup.Engine.Progress;
using Backup.Engine.Recovery;
using Backup.Engine.Units;
using Backup.Storage.Metering;

namespace Backup.Engine.Restore;

/// <summary>
/// A restore by one process: compare with the target, load, build keys, read back and compare, commit. It is called done only
/// when what stands in the target equals what was captured.
/// </summary>
public sealed class RestoreRun
{
    private readonly ICheckpointTarget target;
    private readonly RestoreRequest request;
    private readonly MeteringStorage meter;
    private readonly OpenedArchive opened;
    private OpenedArchive archive; // with what is derived for a moment, once that is known
    private readonly TimeProvider time;

    /// <summary>Prepares a restore.</summary>
    /// <exception cref="BackupException">Usage: the request contradicts itself.</exception>
    public RestoreRun(OpenedArchive archive, ICheckpointTarget target, RestoreRequest request, TimeProvider time)
    {
        RestoreRules.Check(request);
        RestoreRules.CheckLayout(request.Layout, request.Target, target);
        this.target = target;
        this.request = request with { Checkpoint = RestoreRules.CheckpointOf(request) };
        this.time = time;
        meter = new(archive.Storage);
        this.archive = opened = archive.Through(meter);
    }

    /// <summary>What the restore would do; changes nothing.</summary>
    public async Task<RestorePlan> PlanAsync(CancellationToken cancellation)
    {
        var catalog = await BackupCatalog.LoadAsync(opened, cancellation);
        var plan = await Replanning.RunAsync(catalog, () => PlanAsync(catalog, cancellation));
        return plan with { Warnings = [.. plan.Warnings, .. catalog.PassedOver.Select(Replanning.Warning)] };
    }

    private async Task<RestorePlan> PlanAsync(BackupCatalog catalog, CancellationToken cancellation)
    {
        using var point = await FindAsync(catalog, cancellation);
        archive = point.Archive;
        var selection = new RestoreSelection(archive, point.Chain, request);
        using var load = new UnitLoad(archive, selection, request);
        var expiry = Expiry(selection)();
        var intent = Intent(selection);
        await using var present = await target.InspectAsync(intent, cancellation);
        var dropped = await target.DropsAsync(intent, cancellation);
        await using var earlier = Earlier(catalog, selection);
        var scan = await TargetScan.RunAsync(selection, load, expiry, present, earlier, cancellation);
        scan.EnsureAlive(request);
        long expiring = 0, threads = 0, records = 0, raw = 0, reads = 0, bytes = 0;
        var number = 0;
        await foreach (var window in selection.WindowsAsync(cancellation))
        {
            var decisions = scan[number++];
            var needed = window.Where((_, i) => Loads(decisions[i])).ToList();
            var cost = UnitReader.Cost(needed);
            reads += cost.Reads;
            bytes += cost.Bytes;
            foreach (var unit in needed) expiring += await expiry.OfAsync(unit.Key, cancellation) is null ? 0 : 1;
            for (var i = 0; i < window.Count; i++)
            {
                if (decisions[i] is Decision.Nothing or Decision.Expired) continue;
                threads += selection.Target(window[i]).Kind == UnitKind.Thread ? 1 : 0;
                records += (await load.ExpectedAsync(window[i], cancellation))!.Count;
                raw += window[i].RawBytes;
            }
        }
        return new()
        {
            BackupId = selection.Manifest.BackupId, CutTime = selection.Manifest.Source.CutTime, Target = request.Target, Threads = threads, Records = records, RawBytes = raw, Reads = reads, BytesToRead = bytes,
            Unchanged = scan.Unchanged, Expired = scan.Expired, Conflicts = scan.Conflicts, ConflictingThreads = scan.Conflicting,
            Untouched = request.Mirror ? 0 : scan.Outside, ToRemove = request.Mirror ? scan.Outside : 0,
            Dropped = Dropped(dropped, expiring), Expiring = target.Expires ? expiring : 0, Warnings = Warnings(expiring),
        };
    }

    /// <summary>Runs to the end.</summary>
    /// <exception cref="BackupException">Conflict; Differs: what was read back is not what was captured; NotFound; Damage; Unreachable.</exception>
    public async Task<RestoreReport> RunAsync(RunProgress progress, CancellationToken cancellation)
    {
        try
        {
            var started = time.GetTimestamp();
            var catalog = await BackupCatalog.LoadAsync(opened, cancellation);
            var report = await Replanning.RunAsync(catalog, () => RestoreAsync(catalog, progress, cancellation));
            report = report with { Seconds = time.GetElapsedTime(started).TotalSeconds, Warnings = [.. report.Warnings, .. catalog.PassedOver.Select(Replanning.Warning)] };
            progress.Finish(null, report);
            return report;
        }
        catch (Exception error)
        {
            progress.Fail(error);
            throw;
        }
    }

    private async Task<RestoreReport> RestoreAsync(BackupCatalog catalog, RunProgress progress, CancellationToken cancellation)
    {
        using var point = await FindAsync(catalog, cancellation);
        archive = point.Archive;
        var selection = new RestoreSelection(archive, point.Chain, request);
        using var load = new UnitLoad(archive, selection, request);
        var expiry = Expiry(selection);
        await using var session = await target.OpenAsync(Intent(selection) with { Owner = new(progress.Run.Value, progress.Snapshot().Epoch) }, cancellation);
        Failpoint.Reach("restore.open");
        await using var earlier = Earlier(catalog, selection);
        var scan = await ScanAsync(selection, load, expiry(), session, earlier, cancellation);
        scan.EnsureAlive(request);
        scan.EnsureAllowed(request.Conflict, request.Target);

        progress.Enter(RunState.Loading);
        progress.Restart(0, request.Threads?.Count ?? selection.Manifest.Totals.Threads);
        var removed = request.Mirror ? await RemoveOthersAsync(selection, session, earlier, cancellation) : 0;
        var (written, expiring) = await LoadAsync(selection, scan, expiry, session, progress, cancellation);
        if (target.Expires) await ProlongChangedAsync(catalog, selection, expiry(), session, cancellation);
        Failpoint.Reach("restore.loaded");
        await session.SettleAsync(cancellation);
        Failpoint.Reach("restore.settled");

        progress.Enter(RunState.Verifying);
        var readBack = await ReadBack.RunAsync(archive, selection, request, scan, session, cancellation);
        readBack.EnsureExact(request.Target);
        await session.CommitAsync(cancellation);
        Failpoint.Reach("restore.committed");
        return new()
        {
            RunId = progress.Run.Value, BackupId = selection.Manifest.BackupId, CutTime = selection.Manifest.Source.CutTime, Target = request.Target,
            Threads = readBack.Threads, Records = written.Total(), Written = written, Dropped = Dropped(session.Dropped, expiring), Unchanged = scan.Unchanged,
            Skipped = request.Conflict == ConflictPolicy.Skip ? scan.Conflicts : 0, Removed = removed, Untouched = selection.Gone is null ? scan.Outside - removed : 0,
            Exact = readBack.Concurrent.Count == 0, Concurrent = readBack.Concurrent,
            Expired = scan.Expired, Expiring = target.Expires ? expiring : 0,
            BytesRead = meter.BytesRead, Reads = meter.Reads,
            Warnings = Warnings(expiring),
        };
    }

    private bool Loads(Decision decision) =>
        decision is Decision.Load or Decision.Earlier || (decision == Decision.Conflict && request.Conflict == ConflictPolicy.Overwrite);

    private EarlierStates? Earlier(BackupCatalog catalog, RestoreSelection selection) =>
        request.Conflict == ConflictPolicy.Earlier ? new(archive, catalog, selection.Manifest) : null;

    // Each reader has its own; the present is one for all of them.
    private Func<RestoredExpiry> Expiry(RestoreSelection selection)
    {
        var now = time.GetUtcNow();
        return () => new(archive, selection.Manifest, request.Expiry, now);
    }

    private static async Task<TargetScan> ScanAsync(RestoreSelection selection, UnitLoad load, RestoredExpiry expiry, ITargetSession session, EarlierStates? earlier, CancellationToken cancellation)
    {
        if (session.Fresh) return await TargetScan.RunAsync(selection, load, expiry, null, null, cancellation);
        await using var present = await session.ReadAsync(cancellation);
        return await TargetScan.RunAsync(selection, load, expiry, present, earlier, cancellation);
    }

    private IReadOnlyList<DroppedExtra> Dropped(IReadOnlyList<DroppedExtra> others, long expiring) =>
        target.Expires || expiring == 0 ? others : [.. others, new() { Of = "thread", What = "expiry", Count = expiring }];

    private IReadOnlyList<string> Warnings(long expiring) =>
        target.Expires || expiring == 0 ? [] : [$"{expiring} of the threads restored expire, and '{request.Target}' has no place for that: there they stay until they are deleted"];

    private async Task<(WrittenRecords Written, long Expiring)> LoadAsync(RestoreSelection selection, TargetScan scan, Func<RestoredExpiry> expiries, ITargetSession session, RunProgress progress, CancellationToken cancellation)
    {
        var (written, expiring) = (new WrittenRecords(), 0L);
        var gate = new Lock();
        await WindowQueue.RunAsync(selection.WindowsAsync(cancellation), session.MaxLoaders, async (queue, token) =>
        {
            using var reading = new UnitLoad(archive, selection, request);
            await using var loader = await session.OpenLoaderAsync(token);
            var replace = new HashSet<UnitEntry>(ReferenceEqualityComparer.Instance);
            var expiry = expiries();
            var handler = new LoadHandler(loader, selection, replace, expiry, target.Expires, progress);
            while (await queue.NextAsync() is var (number, units))
            {
                var decisions = scan[number];
                replace.Clear();
                for (var i = 0; i < units.Count; i++)
                    if (decisions[i] is Decision.Conflict or Decision.Earlier) replace.Add(units[i]);
                await reading.ReadAsync(UnitReader.InOrder(units.Where((_, i) => Loads(decisions[i]))), handler, token);
                if (target.Expires && expiry.IsKnown) await ProlongAsync(units.Where((_, i) => decisions[i] == Decision.Unchanged), selection, expiry, session, token);
                Failpoint.Reach("restore.window");
            }
            await loader.CompleteAsync(token);
            lock (gate) (written, expiring) = (written + handler.Written, expiring + handler.Expiring);
        }, cancellation);
        return (written, expiring);
    }

    // What is left as it is lives on as long as the backup says, where it would have gone earlier.
    private static async Task ProlongAsync(IEnumerable<UnitEntry> units, RestoreSelection selection, RestoredExpiry expiry, ITargetSession session, CancellationToken cancellation)
    {
        var unchanged = new List<UnitExpiry>();
        foreach (var unit in units) unchanged.Add(new(selection.Target(unit), await expiry.OfAsync(unit.Key, cancellation)));
        await session.ProlongAsync(unchanged, cancellation);
    }

    // Of a restore that looks only at what changed since a backup: the time alone may have changed, which is no change of a unit.
    private async Task ProlongChangedAsync(BackupCatalog catalog, RestoreSelection selection, RestoredExpiry expiry, ITargetSession session, CancellationToken cancellation)
    {
        if (selection.Gone is null || selection.Manifest.Expiries is not { } expiries) return;
        var before = (await catalog.ReadManifestAsync(catalog.Find(request.Since!), cancellation)).Expiries ?? new(0, []);
        ExpiryReader then = new(archive, before), now = new(archive, expiries);
        var changed = new List<UnitExpiry>();
        await foreach (var unit in now.ReadAllAsync(cancellation))
            if (await then.FindAsync(unit.Key, cancellation) != unit.At) await AddAsync(new(UnitKey.Read(unit.Key), await expiry.OfAsync(unit.Key, cancellation)));
        now = new(archive, expiries);
        await foreach (var unit in new ExpiryReader(archive, before).ReadAllAsync(cancellation))
            if (await now.FindAsync(unit.Key, cancellation) is null) await AddAsync(new(UnitKey.Read(unit.Key), null));
        await session.ProlongAsync(changed, cancellation);

        async Task AddAsync(UnitExpiry unit)
        {
            changed.Add(unit);
            if (changed.Count < 1000) return;
            await session.ProlongAsync(changed, cancellation);
            changed.Clear();
        }
    }

    private async Task<long> RemoveOthersAsync(RestoreSelection selection, ITargetSession session, EarlierStates? earlier, CancellationToken cancellation)
    {
        if (session.Fresh) return 0;
        List<UnitId> others = [];
        await using (var present = await session.ReadAsync(cancellation))
        {
            if (selection.Gone is { } gone) others.AddRange(await PresentAsync(present, gone, cancellation));
            else
            {
                using var index = new ChainIndex(archive, selection.Chain);
                await foreach (var unit in present.ListAsync(cancellation))
                    if (!await selection.HoldsAsync(unit, index, cancellation)) others.Add(unit);
            }
            if (earlier is not null) await EnsureEarlierAsync(present, others, earlier, cancellation);
        }
        foreach (var batch in others.Chunk(1000)) await session.RemoveAsync(batch, cancellation);
        return others.Count(u => u.Kind == UnitKind.Thread);
    }

    private static async Task<List<UnitId>> PresentAsync(ISourceCut present, IReadOnlyList<UnitId> units, CancellationToken cancellation)
    {
        var found = new List<UnitId>();
        foreach (var batch in units.Chunk(256)) found.AddRange((await DigestSink.ReadAsync(present, batch, cancellation)).Keys);
        return found;
    }

    private async Task EnsureEarlierAsync(ISourceCut present, List<UnitId> others, EarlierStates earlier, CancellationToken cancellation)
    {
        var foreign = new List<string>();
        foreach (var batch in others.Chunk(256))
            foreach (var (unit, digest) in await DigestSink.ReadAsync(present, batch, cancellation))
                if (!await earlier.HoldAsync(unit, digest, cancellation)) foreign.Add(unit.Id);
        if (foreign.Count > 0) throw EarlierStates.Foreign(request.Target, foreign.Count, foreign);
    }

    private TargetIntent Intent(RestoreSelection selection) => new()
    {
        SourceKind = selection.Manifest.Source.Kind, Layout = selection.Manifest.Source.Layout.GetRawText(), Online = request.Online, WithMemory = selection.IsWhole, Generation = request.Layout,
        Replaces = request.Mirror && request.Conflict != ConflictPolicy.Skip,
    };

    private async Task<ResolvedPoint> FindAsync(BackupCatalog catalog, CancellationToken cancellation) =>
        request.BackupId is { } id
            ? new(opened, await BackupChain.LoadAsync(catalog, await catalog.ReadManifestAsync(catalog.Find(id), cancellation), cancellation), null)
            : await new RecoveryPoints(opened, catalog, request.Source!, time).ResolveAsync(RestoreRules.PointOf(request), request.Threads, request.Namespace ?? "", cancellation);
}

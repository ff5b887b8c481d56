using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Progress;
using Backup.Engine.Units;

namespace Backup.Engine.Chains;

/// <summary>
/// Captures what changed between a base and a cut: units that are new or whose records are not those of the base, units that are
/// gone. Nothing is taken for unchanged but by its keys: as many records of each kind, none of them written since, or the same digests.
/// Works through both sides in the order of their keys, a window at a time.
/// </summary>
internal sealed class IncrementCapture(OpenedArchive archive, BackupChain chain, ISourceCut cut, RunProgress progress, TimeProvider time)
{
    private const int Window = 2048;
    private const int Batch = 256;
    private readonly EarlierCut since = Earlier(chain.Newest);
    private Totals totals = Totals.None;
    private long gone;

    /// <summary>The cut of a backup.</summary>
    public static EarlierCut Earlier(BackupManifest backup) => new(backup.Source.Identity, backup.Source.CutPosition, backup.Source.Layout.GetRawText());

    /// <summary>Captures into one shard.</summary>
    /// <param name="tracking">The cut as one that tells what was touched, or null to compare the digests of everything.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<Increment> RunAsync(IChangeTracking? tracking, CancellationToken cancellation)
    {
        await using var writer = new ShardWriter(archive, progress.Run, 0, time);
        using var index = new ChainIndex(archive, chain);
        using var root = new StateRoot();
        var window = new List<ComparedUnit>();
        await foreach (var unit in PresentUnits.CompareAsync(tracking?.ActivityAsync(since, cancellation) ?? ListAsync(cancellation), index, cancellation))
        {
            window.Add(unit);
            if (window.Count == Window) await CaptureAsync(window, tracking, writer, root, cancellation);
        }
        await CaptureAsync(window, tracking, writer, root, cancellation);
        Failpoint.Reach("increment.captured");
        var shard = await writer.CompleteAsync(ShardCapture.Fingerprint(cut.Description), UnitSummary.Count, cancellation);
        progress.ShardDone();
        return new(shard, root.Finish(), totals, gone);
    }

    private async IAsyncEnumerable<UnitActivity> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var unit in cut.ListAsync(cancellation)) yield return new(unit, true, []);
    }

    private async Task CaptureAsync(List<ComparedUnit> window, IChangeTracking? tracking, ShardWriter writer, StateRoot root, CancellationToken cancellation)
    {
        var captured = new Dictionary<UnitId, UnitEntry>();
        var vanished = new HashSet<UnitId>();
        foreach (var batch in window.Where(u => u.Now is not null && !IsUntouched(u)).Chunk(Batch))
            vanished.UnionWith(await CaptureBatchAsync(batch, tracking, writer, captured, cancellation));
        var absent = window.Where(u => u.Base is not null && (u.Now is null || vanished.Contains(u.Now.Value.Unit))).Select(u => UnitKey.Read(u.Key)).ToList();
        if (absent.Count > 0) await cut.EnsureDeletedAsync(since, absent, cancellation);
        foreach (var unit in window)
        {
            if (unit.Now is null || vanished.Contains(unit.Now.Value.Unit))
            {
                if (unit.Base is null) continue;
                writer.Gone(unit.Key);
                gone += unit.Key[0] == (byte)UnitKind.Thread ? 1 : 0;
                continue;
            }
            var entry = captured.GetValueOrDefault(unit.Now.Value.Unit) ?? unit.Base!;
            root.Add(entry);
            totals += UnitSummary.Count(entry);
        }
        window.Clear();
    }

    // Returns the units that were deleted after they were listed.
    private async Task<IEnumerable<UnitId>> CaptureBatchAsync(IReadOnlyList<ComparedUnit> batch, IChangeTracking? tracking, ShardWriter writer, Dictionary<UnitId, UnitEntry> captured, CancellationToken cancellation)
    {
        var bases = batch.Where(u => u.Base is not null).ToDictionary(u => u.Now!.Value.Unit, u => u.Base!);
        Dictionary<UnitId, UnitEntry> onto = [];
        var whole = batch.Select(u => u.Now!.Value.Unit).ToHashSet();
        if (tracking is not null)
        {
            var growing = bases.Where(b => b.Key.Kind == UnitKind.Thread && b.Value.Layers < IncrementRun.MaxLayers).ToDictionary();
            var untouched = await tracking.DigestUntouchedKeysAsync(since, growing.Keys, cancellation);
            // What was not touched has the very keys of the base: nothing was deleted or replaced, the rest came on top.
            onto = growing.Where(g => untouched.TryGetValue(g.Key, out var keys) && keys.HasKeysOf(UnitSummary.Read(g.Value))).ToDictionary();
        }
        else
        {
            var now = await DigestSink.ReadAsync(cut, bases.Keys.ToList(), cancellation);
            whole.ExceptWith(bases.Where(b => now.TryGetValue(b.Key, out var digest) && digest.Equals(UnitSummary.Read(b.Value))).Select(b => b.Key));
        }
        whole.ExceptWith(onto.Keys);
        var sink = new IncrementSink(writer, onto, progress);
        if (onto.Count > 0) await tracking!.CaptureTouchedAsync(since, onto.Keys.ToList(), sink, cancellation);
        foreach (var moved in onto.Keys.Where(u => cut.Description.Moving && !sink.Captured.ContainsKey(u)).ToList())
        {
            onto.Remove(moved);
            whole.Add(moved);
        }
        if (whole.Count > 0) await cut.CaptureAsync(whole, sink, cancellation);
        foreach (var (unit, entry) in sink.Captured) captured.Add(unit, entry);
        var vanished = whole.Where(u => !sink.Captured.ContainsKey(u)).ToList();
        if (vanished.Count == 0 || cut.Description.Moving) return vanished;
        throw new BackupException(ErrorKind.Failed, $"{vanished[0]} was listed by the source and could not be read", "Nothing of this run is visible. Run the backup again.");
    }

    private static bool IsUntouched(ComparedUnit unit)
    {
        if (unit is { Base: { } known, Now.Content: { } content }) return content == UnitSummary.Read(known).Content;
        if (unit.Base is null || unit.Now is not { Touched: false, Counts: var counts }) return false;
        var digest = UnitSummary.Read(unit.Base);
        return Enum.GetValues<RecordKind>().All(kind => digest[kind].Count == counts[(int)kind]);
    }
}

/// <summary>What an increment captured.</summary>
/// <param name="Shard">Its one shard.</param>
/// <param name="StateRoot">State root of everything the source holds at the cut.</param>
/// <param name="Totals">Totals of the same.</param>
/// <param name="ThreadsGone">Threads the base has and the source has no more.</param>
internal sealed record Increment(ShardResult Shard, byte[] StateRoot, Totals Totals, long ThreadsGone);

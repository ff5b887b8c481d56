using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Engine.Units;

namespace Backup.Engine.Verify;

/// <summary>Compares a backup with a live store, thread by thread, by digests.</summary>
internal sealed class AgainstCheck(OpenedArchive archive, BackupChain chain, ICheckpointSource store, string storeName, FindingList differences, DateTimeOffset now)
{
    private const int Window = 256;
    private readonly ExpiryReader? expiries = chain.Newest.Expiries is { } known ? new(archive, known) : null;

    /// <summary>Compares and returns the number of threads compared.</summary>
    public async Task<long> RunAsync(CancellationToken cancellation)
    {
        await using var cut = await store.CutAsync(cancellation);
        using var index = new ChainIndex(archive, chain);
        long threads = 0;
        var window = new List<UnitEntry>();
        await foreach (var entry in index.ReadAllAsync(cancellation))
        {
            window.Add(entry);
            if (window.Count == Window) threads += await CompareAsync(cut, window, cancellation);
        }
        threads += await CompareAsync(cut, window, cancellation);
        await foreach (var unit in cut.ListAsync(cancellation))
            if (await index.FindAsync(UnitKey.Of(unit), cancellation) is null) Report(unit, "it is in the store but not in the backup");
        return threads;
    }

    private async Task<long> CompareAsync(ISourceCut cut, List<UnitEntry> window, CancellationToken cancellation)
    {
        var present = await DigestSink.ReadAsync(cut, window.Select(e => UnitKey.Read(e.Key)).ToList(), cancellation);
        foreach (var entry in window)
        {
            var unit = UnitKey.Read(entry.Key);
            if (!present.TryGetValue(unit, out var digest))
            {
                // One whose time has come went as it should.
                if (expiries is null || !(await expiries.FindAsync(entry.Key, cancellation) <= now)) Report(unit, "it is in the backup but not in the store");
            }
            else if (!digest.Equals(UnitSummary.Read(entry))) Report(unit, Difference(UnitSummary.Read(entry), digest));
        }
        var threads = window.Count(e => e.Key[0] == (byte)UnitKind.Thread);
        window.Clear();
        return threads;
    }

    private static string Difference(Checkpoints.Encoding.UnitDigest captured, Checkpoints.Encoding.UnitDigest now)
    {
        var parts = Enum.GetValues<RecordKind>().Where(k => captured[k] != now[k]).Select(k =>
            captured[k].Keys == now[k].Keys ? $"{k}: {captured[k].Count} with other contents" : $"{k}: {captured[k].Count} in the backup, {now[k].Count} in the store");
        return string.Join("; ", parts);
    }

    private void Report(UnitId unit, string problem) =>
        differences.Add(storeName, 0, $"{(unit.Kind == UnitKind.Thread ? $"thread '{unit.Id}'" : unit.ToString())}: {problem}", chain.Newest.BackupId, unit.Kind == UnitKind.Thread ? [unit.Id] : [], 1,
            "Expected when the store went on after the backup. To get the captured state back, restore this thread.");
}

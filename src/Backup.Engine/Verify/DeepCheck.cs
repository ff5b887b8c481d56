using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Engine.Units;

namespace Backup.Engine.Verify;

/// <summary>Reads and opens every byte of a backup, recomputes every digest, and closes every checkpoint's references.</summary>
internal sealed class DeepCheck(OpenedArchive archive, BackupChain chain, FindingList findings, RunProgress progress)
{
    private readonly BackupManifest manifest = chain.Newest;

    /// <summary>Checks and returns the number of threads read whole.</summary>
    public async Task<long> RunAsync(CancellationToken cancellation)
    {
        using var index = new IndexReader(archive, manifest.Index);
        using var units = new ChainIndex(archive, chain);
        using var reader = new UnitReader(archive, chain) { WholeFrames = true };
        var coverage = new SegmentCoverage(manifest.Segments);
        var intact = await GuardAsync(() => index.CheckAsync(cancellation).AsTask(), () => manifest.Totals.Threads);
        long threads = 0;
        await GuardAsync(async () =>
        {
            await foreach (var leaf in index.LeavesAsync(cancellation))
            {
                intact &= await GuardAsync(async () =>
                {
                    var entries = await index.ReadLeafAsync(leaf, cancellation);
                    foreach (var entry in entries) coverage.Add(entry);
                    foreach (var group in UnitReader.Group(await WholeAsync(units, entries, cancellation))) threads += await CheckGroupAsync(reader, group, cancellation);
                }, () => leaf.Units);
            }
        }, () => -1);
        await GuardAsync(() => CheckExpiriesAsync(cancellation), () => 0);
        if (!intact) return threads; // what the index does not name cannot be accounted for
        foreach (var damage in await coverage.CheckAsync(archive, cancellation)) findings.Add(damage, manifest.BackupId, []);
        await GuardAsync(async () =>
        {
            using var root = new StateRoot();
            await foreach (var entry in units.ReadAllAsync(cancellation)) root.Add(entry);
            if (!root.Finish().AsSpan().SequenceEqual(manifest.StateRoot))
                throw new DamageException(manifest.Index.Object.Name, 0, "the index is not the one the manifest was written for");
        }, () => 0);
        return threads;
    }

    private async Task CheckExpiriesAsync(CancellationToken cancellation)
    {
        if (manifest.Expiries is not { } expiries) return;
        var found = await new ExpiryReader(archive, expiries).ReadAllAsync(cancellation).LongCountAsync(cancellation);
        if (found != expiries.Units) throw new DamageException(ObjectNames.Run(new(manifest.BackupId)), 0, $"{found} units expire where {expiries.Units} were captured");
    }

    // The backup's own entries, with what lies below those that are deltas; a unit that is gone has nothing to read.
    private static async Task<IReadOnlyList<UnitEntry>> WholeAsync(ChainIndex units, IReadOnlyList<UnitEntry> entries, CancellationToken cancellation)
    {
        var whole = new List<UnitEntry>();
        foreach (var entry in entries)
        {
            if (entry.Form == UnitForm.Gone) continue;
            whole.Add(entry.Form == UnitForm.Whole ? entry : (await units.FindAsync(entry.Key, cancellation))!);
        }
        return whole;
    }

    private async Task<bool> GuardAsync(Func<Task> work, Func<long> lost)
    {
        try
        {
            await work();
            return true;
        }
        catch (DamageException damage)
        {
            findings.Add(damage, manifest.BackupId, [], lost());
            return false;
        }
    }

    private async Task<long> CheckGroupAsync(UnitReader reader, IReadOnlyList<UnitEntry> group, CancellationToken cancellation)
    {
        var whole = 0;
        long threads = 0;
        UnitDigest digest = new();
        ReferenceCheck references = new();
        UnitEntry current = group[0];
        string? malformed = null;
        var handler = new RecordHandler((record, _) =>
        {
            digest.Add(record);
            try
            {
                references.Add(record);
            }
            catch (RecordFormatException error)
            {
                malformed ??= error.Message;
            }
            return default;
        }, (unit, _) =>
        {
            current = unit;
            digest = new();
            references = new();
            malformed = null;
            return default;
        }, _ =>
        {
            if (malformed is null) CheckUnit(current, digest, references); else Report(current, malformed);
            progress.Unit(current.Key[0] == (byte)UnitKind.Thread, current.RawBytes);
            threads += current.Key[0] == (byte)UnitKind.Thread ? 1 : 0;
            whole++;
            return default;
        });
        try
        {
            await reader.ReadAsync(group, handler, cancellation);
        }
        catch (DamageException damage)
        {
            findings.Add(damage, manifest.BackupId, group.Skip(whole).Select(Name).ToList());
        }
        return threads;
    }

    private void CheckUnit(UnitEntry unit, UnitDigest digest, ReferenceCheck references)
    {
        if (!digest.Equals(UnitSummary.Read(unit))) Report(unit, "its records are not those that were digested when it was captured");
        var problems = references.Problems();
        if (problems.Count == 0) return;
        findings.Add(ObjectOf(unit), unit.Pieces.Count > 0 ? unit.Pieces[0].Offset : 0, $"thread '{Name(unit)}' was captured incomplete: {problems[0]}{(problems.Count > 1 ? $" (and {problems.Count - 1} more)" : "")}",
            manifest.BackupId, [Name(unit)], 1, "The archive holds what the source held. Look for an older backup in which this thread is whole, and check the source.");
    }

    private void Report(UnitEntry unit, string problem) =>
        findings.Add(new DamageException(ObjectOf(unit), unit.Pieces.Count > 0 ? unit.Pieces[0].Offset : 0, problem), manifest.BackupId, [Name(unit)]);

    private string ObjectOf(UnitEntry unit) =>
        unit.Pieces.Count > 0 && unit.Pieces[0].Segment < manifest.Segments.Count ? manifest.Segments[unit.Pieces[0].Segment].Name : manifest.Index.Object.Name;

    private static string Name(UnitEntry unit) => UnitKey.Read(unit.Key).ToString();
}

using Backup.Archive;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Units;

namespace Backup.Engine.Verify;

/// <summary>Checks the change log of a source: that every tick follows the one before, that its objects are there, and, deep, every byte of them.</summary>
internal sealed class LogCheck(OpenedArchive archive, string source, FindingList findings)
{
    private FindingList found = new();

    /// <summary>Checks and returns the number of objects.</summary>
    public async Task<long> RunAsync(TickChain chain, bool deep, CancellationToken cancellation)
    {
        foreach (var damage in chain.Problems) Add(damage, []);
        foreach (var damage in await LogOwnership.CheckAsync(archive, source, chain, cancellation))
            findings.Add(damage.ObjectName, damage.Offset, damage.Problem, null, [], 0, "No moment is lost by it: claims tell owners of the log apart, readers go by the ticks. Restore it from a replica.");
        var sizes = new Dictionary<string, long>();
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.Log(source), cancellation)) sizes[item.Name] = item.Size;
        long objects = chain.Ticks.Count + sizes.Keys.Count(name => name.StartsWith(ObjectNames.LogClaims(source), StringComparison.Ordinal));
        foreach (var tick in chain.Ticks) objects += await PartsAsync(tick.Marker, sizes, deep, cancellation);
        foreach (var name in sizes.Keys.Where(name => name.StartsWith(ObjectNames.Levels(source), StringComparison.Ordinal)))
        {
            (var own, found) = (found, new());
            try
            {
                var level = await TickChain.ReadLevelAsync(archive, source, name, cancellation);
                objects += 1 + await PartsAsync(level.Marker, sizes, deep, cancellation);
                await CompareAsync(name, level, chain.Ticks, deep && found.All.Count == 0, cancellation);
            }
            catch (DamageException damage)
            {
                Add(damage, []);
            }
            foreach (var finding in found.All) own.Add(finding.Object, finding.Offset, finding.Problem, null, [], 0, "No moment is affected: the ticks that the level was made of are read in its place. Restore the object from a replica.");
            found = own;
        }
        findings.AddAll(found);
        return objects;
    }

    private async Task<long> PartsAsync(TickMarker marker, Dictionary<string, long> sizes, bool deep, CancellationToken cancellation)
    {
        long objects = 0;
        foreach (var part in marker.Parts)
        {
            objects += part.Segments.Count + 1;
            var missing = part.Segments.Append(part.Index.Object).Where(o => sizes.GetValueOrDefault(o.Name, -1) != o.Size).ToList();
            foreach (var item in missing)
                Add(sizes.TryGetValue(item.Name, out var size) ? new(item.Name, Math.Min(size, item.Size), $"it has {size} bytes where {item.Size} were written") : new(item.Name, 0, "it is missing"), []);
            if (deep && missing.Count == 0) await ReadAsync(part, cancellation);
        }
        return objects;
    }

    // A level says what its ticks say: what lies off the way of the log stands for nothing, and is not compared.
    private async Task CompareAsync(string name, Tick level, IReadOnlyList<Tick> ticks, bool deep, CancellationToken cancellation)
    {
        var (first, last) = (ticks.Index().FirstOrDefault(t => t.Item.Digest.Object == level.First.Object), ticks.Index().FirstOrDefault(t => t.Item.Digest.Object == level.Digest.Object));
        if (last.Item is null || first.Item is null) return;
        var run = ticks.Skip(first.Index).Take(last.Index - first.Index + 1).ToList();
        var (marker, expected) = (level.Marker, run.Count > 0 ? new LogLevels(archive, source, LogLevels.Fan, TimeProvider.System).Describe(run) : null);
        if (expected is null || run.Count != level.Count || (marker.From, marker.To, marker.Sequence, marker.SourceTime, marker.Changes, marker.Gap) != (expected.From, expected.To, expected.Sequence, expected.SourceTime, expected.Changes, expected.Gap)
            || marker.Previous?.Object != expected.Previous?.Object || !marker.Commits.AsSpan().SequenceEqual(expected.Commits) || marker.Truncations.Count != expected.Truncations.Count)
            throw new DamageException(name, 0, "it does not say what its ticks say");
        if (deep && !(await SumAsync(marker.Parts, cancellation)).Equals(await SumAsync(expected.Parts, cancellation))) throw new DamageException(name, 0, "its changes are not those of its ticks");
    }

    private async Task<UnitDigest> SumAsync(IReadOnlyList<UnitSet> parts, CancellationToken cancellation)
    {
        var sum = new UnitDigest();
        foreach (var part in parts)
        {
            using var index = new Archive.Index.IndexReader(archive, part.Index);
            await foreach (var entry in index.ReadAllAsync(cancellation)) sum.AddAll(UnitSummary.Read(entry));
        }
        return sum;
    }

    private async Task ReadAsync(UnitSet part, CancellationToken cancellation)
    {
        string? reading = null;
        try
        {
            using (var index = new Archive.Index.IndexReader(archive, part.Index)) await index.CheckAsync(cancellation);
            var coverage = new SegmentCoverage(part.Segments);
            await using var cursor = new UnitCursor(archive, part, cancellation) { WholeFrames = true };
            while (await cursor.MoveAsync(cancellation))
            {
                reading = UnitKey.Read(cursor.Current.Key).ToString();
                coverage.Add(cursor.Current);
                var digest = new UnitDigest();
                await cursor.ReadAsync((keyLength, bytes) =>
                {
                    ChangeEntry.Read(keyLength, bytes);
                    digest.Add(new(bytes, keyLength));
                    return default;
                }, cancellation);
                if (!UnitSummary.Of(digest).AsSpan().SequenceEqual(cursor.Current.Summary)) throw new DamageException(part.Index.Object.Name, 0, $"the changes of {reading} are not those the index was written for");
            }
            foreach (var damage in await coverage.CheckAsync(archive, cancellation)) Add(damage, []);
        }
        catch (DamageException damage)
        {
            Add(damage, reading is null ? [] : [reading]);
        }
    }

    private void Add(DamageException damage, IReadOnlyCollection<string> threads) =>
        found.Add(damage.ObjectName, damage.Offset, damage.Problem, null, threads, threads.Count > 0 ? threads.Count : -1,
            $"Moments of '{source}' behind it cannot be recovered from a backup before it. Restore the object from a replica, or take a backup now: from there on the log goes on.");
}

using Backup.Archive;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// Merges the parts of many ticks into few, so that however long a log is, only so many of them are open at once. Every change is kept,
/// the newest first.
/// </summary>
/// <param name="archive">Where they are read and written.</param>
/// <param name="prefix">Names for what is written: each call gives what the names of one merged part begin with.</param>
/// <param name="time">Clock.</param>
internal sealed class PartMerge(OpenedArchive archive, Func<string> prefix, TimeProvider time)
{
    /// <summary>Parts that are read at once.</summary>
    public const int MostOpen = 64;

    /// <summary>Gives at most <see cref="MostOpen"/> parts with the changes of all of them.</summary>
    /// <param name="parts">The parts, the newest first.</param>
    /// <param name="only">The units that matter, in the order of their keys; null for all.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<IReadOnlyList<UnitSet>> RunAsync(IReadOnlyList<UnitSet> parts, IReadOnlyList<byte[]>? only, CancellationToken cancellation)
    {
        while (parts.Count > MostOpen)
        {
            var merged = new List<UnitSet>();
            foreach (var group in parts.Chunk(MostOpen)) merged.Add(await MergeAsync(group, only, cancellation));
            parts = merged;
        }
        return parts;
    }

    /// <summary>Merges parts, the newest first, into one.</summary>
    public async Task<UnitSet> MergeAsync(IReadOnlyList<UnitSet> parts, IReadOnlyList<byte[]>? only, CancellationToken cancellation)
    {
        await using var units = await ChangedUnits.OpenAsync(archive, parts, cancellation);
        await using var writer = new UnitWriter(archive, prefix(), time);
        for (var wanted = 0; units.Key is { } key; await units.MoveAsync(cancellation))
        {
            while (only is not null && wanted < only.Count && only[wanted].AsSpan().SequenceCompareTo(key) < 0) wanted++;
            if (only is not null && (wanted == only.Count || !only[wanted].AsSpan().SequenceEqual(key))) continue;
            var digest = new UnitDigest();
            writer.BeginUnit(key);
            await units.ReadAsync((keyLength, entry) =>
            {
                digest.Add(new(entry, keyLength));
                return writer.WriteAsync(keyLength, entry, cancellation);
            }, cancellation);
            await writer.EndChangesAsync(UnitSummary.Of(digest), cancellation);
        }
        return await writer.CompleteAsync(UnitSummary.Count, cancellation);
    }
}

using System.Runtime.CompilerServices;
using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.Chains;
using Backup.Engine.Units;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// Folds a base and the changes of a log behind it into an increment of the base: what the source held at a position of its log, without
/// asking the source. Goes through both in the order of their units; of a unit's changes the newest of each key counts.
/// </summary>
/// <param name="archive">Where base and ticks are read and the increment is written.</param>
/// <param name="chain">The base.</param>
/// <param name="ticks">The ticks from the base's position on, oldest first.</param>
/// <param name="parts">Their parts, the newest first, merged where they are many.</param>
/// <param name="from">Changes below this position are in the base.</param>
/// <param name="before">Changes at or above this position do not count.</param>
internal sealed class LogFold(OpenedArchive archive, BackupChain chain, IReadOnlyList<TickMarker> ticks, IReadOnlyList<UnitSet> parts, ulong from, ulong before)
{
    private readonly List<Truncation> truncations = [.. ticks.SelectMany(t => t.Truncations).Where(t => t.Position >= from && t.Position < before)];

    /// <summary>Folds into <paramref name="writer"/>.</summary>
    /// <param name="writer">Takes the units that are not as in the base.</param>
    /// <param name="only">The units that matter, in the order of their keys; null for all. The state root is of what was gone through.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<Folded> RunAsync(UnitWriter writer, IReadOnlyList<byte[]>? only, CancellationToken cancellation)
    {
        using var root = new StateRoot();
        using var reader = new UnitReader(archive, chain);
        var totals = Totals.None;
        await using var changed = await ChangedUnits.OpenAsync(archive, parts, cancellation);
        await foreach (var (key, known) in UnitsAsync(changed, only, cancellation))
        {
            var entry = known;
            if (changed.IsAt(key))
            {
                entry = await UnitAsync(writer, reader, changed, key, known, cancellation);
                await changed.MoveAsync(cancellation);
            }
            else if (truncations.Count > 0 && known is not null)
            {
                entry = await UnitAsync(writer, reader, null, key, known, cancellation);
            }
            if (entry is null) continue;
            root.Add(entry);
            totals += UnitSummary.Count(entry);
        }
        return new(root.Finish(), totals);
    }

    // Every unit of the base and of the changes in order, with its entry in the base; of the named ones only.
    private async IAsyncEnumerable<(byte[] Key, UnitEntry? Known)> UnitsAsync(ChangedUnits changed, IReadOnlyList<byte[]>? only, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var index = new ChainIndex(archive, chain);
        if (only is not null)
        {
            foreach (var key in only)
            {
                while (changed.Key is { } passed && passed.AsSpan().SequenceCompareTo(key) < 0) await changed.MoveAsync(cancellation);
                yield return (key, await index.FindAsync(key, cancellation));
            }
            yield break;
        }
        await foreach (var unit in changed.WithAsync(index.ReadAllAsync(cancellation))) yield return unit;
    }

    // What became of one unit: nothing was written when it is as before, or not there at all.
    private async ValueTask<UnitEntry?> UnitAsync(UnitWriter writer, UnitReader reader, ChangedUnits? changed, byte[] key, UnitEntry? known, CancellationToken cancellation)
    {
        var changes = new UnitChanges(writer, truncations, from, before);
        writer.BeginUnit(key);
        if (changed is not null) await changed.ReadAsync((keyLength, entry) => changes.TakeAsync(ChangeEntry.Read(keyLength, entry), cancellation), cancellation);
        var basis = known is null ? null : UnitSummary.Read(known);
        if (changes.IsNothing && !changes.Removes(basis))
        {
            return known;
        }
        if (known is null || (changes.OnlyAdds && !changes.Removes(basis) && known.Layers < IncrementRun.MaxLayers))
        {
            changes.EnsureComplete(UnitKey.Read(key));
            if (known is null)
            {
                if (changes.Digest.Count == 0) return null;
                await writer.EndUnitAsync(UnitSummary.Of(changes.Digest), cancellation);
                return new(key, UnitSummary.Of(changes.Digest), changes.RawBytes, []);
            }
            if (changes.Digest.Count == 0) return known;
            basis!.AddAll(changes.Digest);
            var summary = UnitSummary.Of(basis);
            await writer.EndDeltaAsync(summary, known.RawBytes + changes.RawBytes, cancellation);
            return new(key, summary, known.RawBytes + changes.RawBytes, []);
        }
        await reader.ReadAsync([known], new RecordHandler(changes.KeepAsync), cancellation);
        changes.EnsureComplete(UnitKey.Read(key));
        if (changes.Digest.Count == 0)
        {
            writer.Gone(key);
            return null;
        }
        var whole = UnitSummary.Of(changes.Digest);
        await writer.EndUnitAsync(whole, cancellation);
        return new(key, whole, changes.RawBytes, []);
    }
}

/// <summary>What came of a fold.</summary>
/// <param name="StateRoot">State root of the units that were gone through.</param>
/// <param name="Totals">Totals of the same.</param>
internal sealed record Folded(byte[] StateRoot, Totals Totals);

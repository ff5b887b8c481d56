using Backup.Archive;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Progress;
using Backup.Engine.Units;

namespace Backup.Engine.Compaction;

/// <summary>
/// Merges the newest members of a chain into one that holds what they hold together: of a unit the records of every layer down to a whole one,
/// the newest of each key. Goes through layers and base in the order of their units; holds a page and a frame of each.
/// </summary>
internal sealed class ChainMerge(OpenedArchive archive, BackupChain chain, int count, RunProgress progress, TimeProvider time)
{
    // An index is written when its shard is complete; until then its entries are held.
    private const int ShardUnits = 1 << 16;
    private readonly List<ShardResult> shards = [];
    private readonly HashSet<byte[]> taken = new(KeyBytes.Comparer);

    /// <summary>Merges into shards of <paramref name="run"/>.</summary>
    /// <param name="run">The run that writes them.</param>
    /// <param name="cut">Fingerprint of the cut.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="DamageException">A layer is not what was written, or all of them together are not the state they should be.</exception>
    public async Task<IReadOnlyList<ShardResult>> RunAsync(RunId run, string cut, CancellationToken cancellation)
    {
        var members = chain.Members.Take(count).Select(m => new UnitSet(m.Segments, m.Index, m.Totals)).ToList();
        await using var layers = await ChangedUnits.OpenAsync(archive, members, cancellation);
        using var below = new ChainIndex(archive, chain.Members.Skip(count));
        using var root = new StateRoot();
        var writer = new ShardWriter(archive, run, 0, time);
        try
        {
            var units = 0;
            await foreach (var (key, known) in layers.WithAsync(below.ReadAllAsync(cancellation)))
            {
                var entry = known;
                if (layers.IsAt(key))
                {
                    if (units++ == ShardUnits)
                    {
                        shards.Add(await writer.CompleteAsync(cut, UnitSummary.Count, cancellation));
                        await writer.DisposeAsync();
                        (writer, units) = (new(archive, run, shards.Count, time), 1);
                    }
                    entry = await UnitAsync(writer, layers, key, known, cancellation);
                    await layers.MoveAsync(cancellation);
                }
                if (entry is not null) root.Add(entry);
            }
            shards.Add(await writer.CompleteAsync(cut, UnitSummary.Count, cancellation));
        }
        finally
        {
            await writer.DisposeAsync();
        }
        Failpoint.Reach("compact.merged");
        if (!root.Finish().AsSpan().SequenceEqual(chain.Newest.StateRoot)) throw Damage("the layers it is read through are not the state it was sealed with");
        return shards;
    }

    // What the layers make of one unit; null when it is gone.
    private async ValueTask<UnitEntry?> UnitAsync(ShardWriter writer, ChangedUnits layers, byte[] key, UnitEntry? known, CancellationToken cancellation)
    {
        var entries = layers.Entries.ToList();
        var top = entries[0];
        if (top.Form == UnitForm.Gone)
        {
            // One that came and went between base and now leaves no trace.
            if (known is not null) writer.Gone(key);
            return null;
        }
        var deltas = entries.TakeWhile(e => e.Form == UnitForm.Delta).Count();
        var isWhole = deltas < entries.Count;
        if (isWhole ? entries[deltas].Form != UnitForm.Whole : known is null) throw Damage($"it holds changes of {UnitKey.Read(key)}, and nothing they are changes of");
        var digest = new UnitDigest();
        long raw = 0;
        taken.Clear();
        writer.BeginUnit(key);
        await layers.ReadAsync(deltas + (isWhole ? 1 : 0), (keyLength, bytes) =>
        {
            // The newest layer came first: an older record of its key is not the unit's any more.
            if (entries.Count > 1 && !taken.GetAlternateLookup<ReadOnlySpan<byte>>().Add(bytes.Span[..keyLength])) return default;
            digest.Add(new(bytes, keyLength));
            raw += bytes.Length;
            return writer.WriteAsync(keyLength, bytes, cancellation);
        }, cancellation);
        if (!isWhole) digest.AddAll(UnitSummary.Read(known!));
        if (!UnitSummary.Of(digest).AsSpan().SequenceEqual(top.Summary)) throw Damage($"the records of {UnitKey.Read(key)} are not those that were digested when it was captured");
        if (isWhole) await writer.EndUnitAsync(top.Summary, cancellation);
        else await writer.EndDeltaAsync(top.Summary, top.RawBytes, cancellation);
        progress.Unit(key[0] == (byte)UnitKind.Thread, raw);
        return new(key, top.Summary, top.RawBytes, []);
    }

    private DamageException Damage(string problem) => new(chain.Members[0].Index.Object.Name, 0, problem);
}

using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Engine.ChangeLog;

/// <summary>
/// Takes the changes of one unit, the newest first, and then what the base has of it: the newest of each key is written, the rest is passed
/// over. Holds the keys, and records the source's log left parts out of until an older one completes them.
/// </summary>
internal sealed class UnitChanges(UnitWriter writer, IReadOnlyList<Truncation> truncations, ulong from, ulong before)
{
    private readonly Dictionary<byte[], ChangeOperation> oldest = new(KeyBytes.Comparer);
    private readonly Dictionary<byte[], PartialRecord> partial = new(KeyBytes.Comparer);
    private readonly HashSet<byte[]> open = new(KeyBytes.Comparer); // keys whose record before the oldest change must be in the base

    /// <summary>Digest of what was written.</summary>
    public UnitDigest Digest { get; } = new();

    /// <summary>Bytes of what was written.</summary>
    public long RawBytes { get; private set; }

    /// <summary>True when no change counted.</summary>
    public bool IsNothing => oldest.Count == 0;

    /// <summary>True when nothing the base may hold was replaced or deleted.</summary>
    public bool OnlyAdds => open.Count == 0;

    /// <summary>True when records of a kind that the base has were removed at once.</summary>
    public bool Removes(UnitDigest? basis) => basis is not null && truncations.Any(t => t.Kinds.Any(k => basis[(RecordKind)k].Count > 0));

    /// <summary>Takes the next older change.</summary>
    public async ValueTask TakeAsync(ChangeEntry change, CancellationToken cancellation)
    {
        if (change.Position < from || change.Position >= before || truncations.Any(t => Removes(t, change))) return;
        var key = change.Record.Key;
        if (!oldest.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(key.Span))
        {
            var copy = key.ToArray();
            oldest.Add(copy, change.Operation);
            Remember(copy, change.Operation);
            if (change.Operation == ChangeOperation.Deleted) return;
            if (change.IsWhole) await WriteAsync(change.Record, cancellation);
            else partial.Add(copy, new(change.Record, change.Missing, change.MissingExtras));
            return;
        }
        var known = key.ToArray();
        oldest[known] = change.Operation;
        Remember(known, change.Operation);
        if (!partial.TryGetValue(known, out var waiting)) return;
        if (change.Operation == ChangeOperation.Deleted) throw Incomplete(known);
        waiting.FillFrom(change.Record, change.Missing, change.MissingExtras);
        await WriteIfWholeAsync(known, waiting, cancellation);
    }

    /// <summary>Takes a record of the base.</summary>
    public async ValueTask KeepAsync(EncodedRecord record, CancellationToken cancellation)
    {
        if (truncations.Any(t => t.Kinds.Contains((int)record.Kind))) return;
        if (!oldest.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(record.Key.Span))
        {
            await WriteAsync(record, cancellation);
            return;
        }
        var key = record.Key.ToArray();
        if (!open.Remove(key)) throw new BackupException(ErrorKind.Damage, $"the log adds a record that its base has already ({record.Kind})", Advice);
        if (!partial.TryGetValue(key, out var waiting)) return;
        waiting.FillFrom(record, 0, []);
        await WriteIfWholeAsync(key, waiting, cancellation);
    }

    /// <summary>Makes sure that nothing is missing: what the log replaced or deleted was there, and every record is whole.</summary>
    public void EnsureComplete(UnitId unit)
    {
        if (partial.Count > 0 || open.Count > 0)
            throw new BackupException(ErrorKind.Damage, $"the log changes records of {unit} that neither its base nor the log holds", Advice);
    }

    private const string Advice = "Nothing was restored. The log does not fit its base; restore to another time ('backup log status' shows which), and report this.";

    private void Remember(byte[] key, ChangeOperation operation)
    {
        if (operation == ChangeOperation.Added) open.Remove(key);
        else open.Add(key);
    }

    private async ValueTask WriteIfWholeAsync(byte[] key, PartialRecord record, CancellationToken cancellation)
    {
        if (!record.IsWhole) return;
        partial.Remove(key);
        await WriteAsync(record.Record, cancellation);
    }

    private ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        Digest.Add(record);
        RawBytes += record.Bytes.Length;
        return writer.WriteAsync(record.KeyLength, record.Bytes, cancellation);
    }

    private static bool Removes(Truncation truncation, ChangeEntry change) =>
        truncation.Kinds.Contains((int)change.Record.Kind) && (truncation.Position, truncation.Ordinal).CompareTo((change.Position, change.Ordinal)) > 0;

    private static BackupException Incomplete(byte[] key) =>
        new(ErrorKind.Damage, $"the log replaces a record of kind {key[0]} that it deleted before", Advice);
}

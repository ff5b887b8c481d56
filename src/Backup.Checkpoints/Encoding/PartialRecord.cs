using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Encoding;

/// <summary>
/// A record of which a store's log left fields out because they had not changed. They are those of the record it replaced, which may
/// be partial itself.
/// </summary>
public sealed class PartialRecord
{
    private enum Shape { Number, Required, Optional }

    private byte[] bytes;
    private readonly int keyLength;
    private uint missing;
    private readonly HashSet<string> missingExtras;

    /// <summary>Copies a record.</summary>
    /// <param name="record">The record; a field that is missing is absent or empty in it.</param>
    /// <param name="missing">Bit i for value field i behind the key.</param>
    /// <param name="missingExtras">Names of extras that are missing.</param>
    public PartialRecord(EncodedRecord record, uint missing, IEnumerable<string> missingExtras)
    {
        bytes = record.Bytes.ToArray();
        keyLength = record.KeyLength;
        this.missing = missing;
        this.missingExtras = [.. missingExtras];
    }

    /// <summary>True when nothing is missing any more.</summary>
    public bool IsWhole => missing == 0 && missingExtras.Count == 0;

    /// <summary>The record as far as it is known.</summary>
    public EncodedRecord Record => new(bytes, keyLength);

    /// <summary>Takes what is missing from the record this one replaced.</summary>
    /// <param name="older">That record, of the same key.</param>
    /// <param name="olderMissing">What is missing in it too.</param>
    /// <param name="olderMissingExtras">Extras that are missing in it too.</param>
    public void FillFrom(EncodedRecord older, uint olderMissing, IReadOnlyCollection<string> olderMissingExtras)
    {
        var mine = new RecordReader(bytes, keyLength);
        var theirs = new RecordReader(older.Bytes.Span, older.KeyLength);
        var result = new RecordBuffer();
        result.Begin(Record.Key.Span);
        uint still = 0;
        var shapes = ShapesOf(Record.Kind);
        for (var i = 0; i < shapes.Length; i++)
        {
            var bit = 1u << i;
            var take = (missing & bit) != 0;
            if (take && (olderMissing & bit) != 0) still |= bit;
            Copy(shapes[i], ref mine, take ? null : result);
            Copy(shapes[i], ref theirs, take ? result : null);
        }
        var extras = Extras(ref mine);
        foreach (var (name, value) in Extras(ref theirs))
            if (missingExtras.Contains(name)) extras[name] = value;
        missingExtras.IntersectWith(olderMissingExtras);
        result.Unsigned((ulong)extras.Count);
        foreach (var (name, value) in extras.OrderBy(e => e.Key, Comparer<string>.Create(Utf8Order.Compare)))
        {
            result.Text(name);
            result.Bytes(value);
        }
        bytes = result.Record.Bytes.ToArray();
        missing = still;
    }

    private static Shape[] ShapesOf(RecordKind kind) => kind switch
    {
        RecordKind.Checkpoint => [Shape.Number, Shape.Optional, Shape.Optional, Shape.Required, Shape.Required],
        RecordKind.ChannelBlob => [Shape.Required, Shape.Optional],
        RecordKind.PendingWrite => [Shape.Required, Shape.Optional, Shape.Required, Shape.Required],
        RecordKind.StoreItem => [Shape.Required],
        RecordKind.StoreVector => [],
        _ => throw new RecordFormatException($"record kind {kind}"),
    };

    private static void Copy(Shape shape, ref RecordReader from, RecordBuffer? to)
    {
        switch (shape)
        {
            case Shape.Number:
                var number = from.Unsigned();
                to?.Unsigned(number);
                break;
            case Shape.Required:
                var value = from.Bytes();
                to?.Bytes(value);
                break;
            default:
                if (from.Optional(out var optional)) to?.Optional(optional);
                else to?.Null();
                break;
        }
    }

    private static Dictionary<string, byte[]> Extras(ref RecordReader reader)
    {
        var extras = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var left = reader.Unsigned(); left > 0; left--) extras[reader.Text()] = reader.Bytes().ToArray();
        reader.End();
        return extras;
    }
}

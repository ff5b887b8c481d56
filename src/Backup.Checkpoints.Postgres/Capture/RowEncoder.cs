using System.Buffers.Text;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Layouts;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>Encodes rows of a capture or of the log as the records' own encoders would, straight from the bytes of the wire.</summary>
internal sealed class RowEncoder(IReadOnlyList<RecordColumns> tables)
{
    private const int Kind = 1;

    /// <summary>Place of the <c>blob</c> column in a row.</summary>
    public const int Blob = 2;

    /// <summary>Place of the first of <see cref="RecordColumns.TextColumns"/> in a row.</summary>
    public const int FirstText = 3;

    private readonly RecordBuffer record = new();
    private readonly List<int> present = [];

    /// <summary>Encodes the current row; valid until the next.</summary>
    public EncodedRecord Encode(IRow row)
    {
        var kind = BeginWithKey(row);
        var columns = tables.First(t => t.Kind == kind);
        switch (kind)
        {
            case RecordKind.ChannelBlob:
                record.Bytes(row[FirstText + 3]);
                if (row.IsNull(Blob)) record.Null(); else record.Optional(row[Blob]);
                break;
            case RecordKind.Checkpoint:
                record.Unsigned((byte)EnvelopeForm.JsonSplit);
                Optional(row, FirstText + 2);
                Optional(row, FirstText + 3);
                record.Bytes(row[FirstText + 4]);
                record.Bytes(row[FirstText + 5]);
                break;
            case RecordKind.PendingWrite:
                record.Bytes(row[FirstText + 4]);
                Optional(row, FirstText + 5);
                record.Bytes(row[Blob]);
                record.Bytes(row[FirstText + 6]);
                break;
            case RecordKind.StoreItem:
                record.Bytes(row[FirstText + 1]);
                break;
        }
        Extras(row, columns);
        return record.Record;
    }

    /// <summary>Encodes kind and key of the current row and nothing else.</summary>
    public EncodedRecord EncodeKey(IRow row)
    {
        BeginWithKey(row);
        return record.Record;
    }

    private RecordKind BeginWithKey(IRow row)
    {
        var kind = (RecordKind)row[Kind][3];
        record.Begin(kind);
        Text(row, kind switch { RecordKind.StoreItem => 1, RecordKind.Checkpoint or RecordKind.StoreVector => 2, _ => 3 });
        if (kind == RecordKind.PendingWrite)
            record.Signed(Utf8Parser.TryParse(row[FirstText + 3], out int index, out _) ? index : throw new RecordFormatException("an index of a write that is no number"));
        record.EndKey();
        return kind;
    }

    private void Text(IRow row, int count)
    {
        for (var i = 0; i < count; i++) record.Bytes(row[FirstText + i]);
    }

    private void Optional(IRow row, int field)
    {
        if (row.IsNull(field)) record.Null(); else record.Optional(row[field]);
    }

    private void Extras(IRow row, RecordColumns columns)
    {
        if (columns.Extras.Length == 0)
        {
            record.Unsigned(0);
            return;
        }
        var first = FirstText + columns.TextColumns.Count - columns.Extras.Length;
        present.Clear();
        for (var i = 0; i < columns.Extras.Length; i++)
            if (!row.IsNull(first + i)) present.Add(i);
        record.Unsigned((ulong)present.Count);
        foreach (var i in present)
        {
            record.Text(columns.Extras[i]);
            record.Bytes(row[first + i]);
        }
    }
}

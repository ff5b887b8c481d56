using System.Buffers;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>A row of the log as a capture would give it. What it leaves out as unchanged is taken from the old row where that is sent.</summary>
internal sealed class FeedRow : IRow
{
    private const int Roomy = 8 << 20;
    private readonly FeedTuple row = new();
    private ReadOnlyMemory<byte> message;
    private FeedRelation relation = null!;
    private FeedRow? old;
    private byte[] scratch = [];

    /// <summary>Reads a row from its message; valid as long as that is.</summary>
    /// <param name="reader">Stands before the row, and behind it afterwards.</param>
    /// <param name="from">The message.</param>
    /// <param name="of">Its table.</param>
    /// <param name="before">The row before it, where the log has it.</param>
    public void Read(ref WireReader reader, ReadOnlyMemory<byte> from, FeedRelation of, FeedRow? before)
    {
        (message, relation, old) = (from, of, before);
        row.Read(ref reader, of.Width);
    }

    public ReadOnlySpan<byte> this[int field] => field == 1 ? relation.KindBytes : IsNull(field) ? default : field == RowEncoder.Blob ? Bytes(Text(relation.Slot(field))) : TextForms.Apply(relation.Form(relation.Slot(field)), Text(relation.Slot(field)));

    public bool IsNull(int field) => field != 1 && (relation.Slot(field) is var column && (column < 0 || row.IsNull(column) || IsMissing(column)));

    /// <summary>True when every field of the key is there.</summary>
    public bool HasKey
    {
        get
        {
            for (var i = 0; i < RowEncoder.FirstText + relation.Table.KeyColumns; i++)
                if (i is 0 or >= RowEncoder.FirstText && IsNull(i)) return false;
            return true;
        }
    }

    /// <summary>Value fields that are not known: bit i for field i behind the key.</summary>
    public uint Missing
    {
        get
        {
            if (!row.HasUnchanged) return 0;
            var (missing, table) = (0u, relation.Table);
            // The form of an envelope is a field without a column.
            var first = table.Kind == RecordKind.Checkpoint ? 1 : 0;
            for (var i = table.KeyColumns; i < table.Fields.Length; i++)
                if (relation.Slot(Field(table, table.Fields[i])) is >= 0 and var column && IsMissing(column)) missing |= 1u << (first + i - table.KeyColumns);
            return missing;
        }
    }

    /// <summary>Extras that are not known; null when there are none.</summary>
    public IReadOnlyList<string>? MissingExtras
    {
        get
        {
            if (!row.HasUnchanged || relation.Table.Extras.Length == 0) return null;
            var extras = relation.Table.Extras.Where(e => relation.Slot(Field(relation.Table, e)) is >= 0 and var column && IsMissing(column)).ToList();
            return extras.Count == 0 ? null : extras;
        }
    }

    private bool IsMissing(int column) => row.IsUnchanged(column) && !FromOld(column);

    // Nulls of an old row may stand for columns it does not tell; one that is left out as unchanged is never null.
    private bool FromOld(int column) => old is not null && !old.row.IsNull(column) && !old.row.IsUnchanged(column);

    private ReadOnlySpan<byte> Text(int column) => row.IsUnchanged(column) ? old!.Text(column) : row.Text(column, message.Span);

    private ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("\\x"u8)) throw WireReader.Broken();
        var length = (text.Length - 2) / 2;
        if (scratch.Length < length || (scratch.Length > Roomy && length <= Roomy)) scratch = new byte[Math.Max(length, 4096)];
        if (Convert.FromHexString(text[2..], scratch, out _, out var written) != OperationStatus.Done || written != length) throw WireReader.Broken();
        return scratch.AsSpan(0, length);
    }

    private static int Field(RecordColumns table, string column)
    {
        if (column == "blob" && table.HasBlob) return RowEncoder.Blob;
        for (var i = 0; i < table.TextColumns.Count; i++)
            if (table.TextColumns[i] == column) return RowEncoder.FirstText + i;
        throw new ArgumentOutOfRangeException(nameof(column), column, "no column of the table's records");
    }
}

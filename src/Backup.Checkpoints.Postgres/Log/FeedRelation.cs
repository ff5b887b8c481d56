using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Contracts;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>
/// A table as the log describes it before its rows: where its columns stand. A table that is not as it was when the feed was opened is
/// refused, for its rows would be misread.
/// </summary>
internal sealed class FeedRelation
{
    private const int None = -1;
    private readonly int[] slots;
    private readonly TextForm[] forms;

    private FeedRelation(FeedTable table, int[] slots, TextForm[] forms)
    {
        (Table, this.slots, this.forms) = (table.Records, slots, forms);
        KindBytes = [0, 0, 0, (byte)Table.Kind];
    }

    public RecordColumns Table { get; }

    public UnitKind Unit => TableNames.IsMemory(Table.Table.Name) ? UnitKind.Memory : UnitKind.Thread;

    /// <summary>The record kind as an int4.</summary>
    public byte[] KindBytes { get; }

    /// <summary>Columns of a row.</summary>
    public int Width => forms.Length;

    /// <summary>Column of a row that is a field of <see cref="IRow"/>; negative when the table has no such column.</summary>
    public int Slot(int field) => slots[field];

    public TextForm Form(int column) => forms[column];

    /// <summary>Reads a relation message; null when the table is none of ours.</summary>
    /// <exception cref="BackupException">Conflict: the table is not as it was.</exception>
    public static FeedRelation? Read(ref WireReader message, PostgresStoreOptions store, IReadOnlyList<FeedTable> tables, out uint id)
    {
        var oid = id = message.UInt32();
        var (schema, name) = (message.Text(), message.Text());
        message.Skip(1);
        var table = tables.FirstOrDefault(t => t.Id == oid);
        if (table is null)
            return schema == store.Schema && tables.Any(t => t.Records.Table.Name == name) ? throw Changed(store, $"table {name} is not the one it was") : null;
        if (schema != store.Schema || name != table.Records.Table.Name) throw Changed(store, $"table {store.Schema}.{table.Records.Table.Name} is now {schema}.{name}");
        var width = message.Int16();
        var (names, forms, keys) = (new string[width], new TextForm[width], new bool[width]);
        for (var i = 0; i < width; i++)
        {
            keys[i] = (message.Byte() & 1) != 0;
            names[i] = message.Text();
            var type = message.UInt32();
            message.Skip(4);
            if (table.Columns.TryGetValue(names[i], out var column))
            {
                if (column.Type != type) throw Changed(store, $"column {names[i]} of {name} has another type");
                forms[i] = column.Form;
            }
            else if (!MayCome(table, names[i]) && table.Records.Table.Generated.All(g => g.Name != names[i])) throw Changed(store, $"column {names[i]} of {name} came or went");
        }
        if (table.Columns.Keys.FirstOrDefault(c => !names.Contains(c) && !MayCome(table, c)) is { } gone) throw Changed(store, $"column {gone} of {name} came or went");
        var records = table.Records;
        string?[] fields = [records.Unit, null, records.HasBlob ? "blob" : null, .. records.TextColumns];
        var slots = fields.Select(f => f is null ? None : Array.IndexOf(names, f)).ToArray();
        for (var i = 0; i < RowEncoder.FirstText + records.KeyColumns; i++)
            if (i is 0 or >= RowEncoder.FirstText && (slots[i] < 0 || !keys[slots[i]])) throw Changed(store, $"the replica identity of {name} lacks column {fields[i]}");
        return new(table, slots, forms);
    }

    /// <summary>The error that ends a feed whose rows cannot be understood any more.</summary>
    public static BackupException Changed(PostgresStoreOptions store, string what) => new(ErrorKind.Conflict, $"the changes of '{store.Name}' cannot be followed any further: {what}", "Open the feed again; what is between is a gap.");

    // A writes table without it equals one where it is empty.
    private static bool MayCome(FeedTable table, string column) => table.Records.Kind == RecordKind.PendingWrite && column == "task_path";
}

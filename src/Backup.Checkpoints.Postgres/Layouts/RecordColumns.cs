using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>How the columns of one table become the fields of its records: the unit's id, the fields in the order of the codec, the extras by name.</summary>
internal sealed class RecordColumns
{
    private RecordColumns(RecordKind kind, TableLayout table, string[] fields)
    {
        Kind = kind;
        Table = table;
        Unit = LayoutRules.UnitColumn(table)!;
        Fields = fields;
        Extras = table.Columns.Select(c => c.Name).Where(n => n != Unit && !fields.Contains(n)).Order(Comparer<string>.Create(Utf8Order.Compare)).ToArray();
    }

    public RecordKind Kind { get; }

    public TableLayout Table { get; }

    /// <summary>Column that names the unit.</summary>
    public string Unit { get; }

    /// <summary>Columns with a field of their own, in the order of the codec; one that the table lacks is still named.</summary>
    public string[] Fields { get; }

    /// <summary>The other columns, in UTF-8 order.</summary>
    public string[] Extras { get; }

    /// <summary>True when a field is the <c>blob</c> column, which is read as bytes.</summary>
    public bool HasBlob => Fields.Contains("blob");

    /// <summary>The fields and extras that are read as text.</summary>
    public IReadOnlyList<string> TextColumns => field ??= [.. Fields.Where(f => f != "blob"), .. Extras];

    /// <summary>How many of the first of <see cref="TextColumns"/> are the record's key.</summary>
    public int KeyColumns => Kind switch
    {
        RecordKind.ChannelBlob => 3,
        RecordKind.PendingWrite => 4,
        RecordKind.StoreItem => 1,
        _ => 2,
    };

    /// <summary>The tables of threads, in the order their rows are captured.</summary>
    public static IReadOnlyList<RecordColumns> OfThreads(StoreLayout layout) =>
    [
        new(RecordKind.ChannelBlob, layout.Table(TableNames.Blobs)!, ["checkpoint_ns", "channel", "version", "type", "blob"]),
        new(RecordKind.Checkpoint, layout.Table(TableNames.Checkpoints)!, ["checkpoint_ns", "checkpoint_id", "parent_checkpoint_id", "type", "checkpoint", "metadata"]),
        new(RecordKind.PendingWrite, layout.Table(TableNames.Writes)!, ["checkpoint_ns", "checkpoint_id", "task_id", "idx", "channel", "type", "blob", "task_path"]),
    ];

    /// <summary>The tables of long-term memory, items before the vectors that refer to them.</summary>
    public static IReadOnlyList<RecordColumns> OfMemory(StoreLayout layout)
    {
        var tables = new List<RecordColumns>();
        if (layout.Table(TableNames.Store) is { } items) tables.Add(new(RecordKind.StoreItem, items, ["key", "value"]));
        if (layout.Table(TableNames.Vectors) is { } vectors) tables.Add(new(RecordKind.StoreVector, vectors, ["key", LayoutRules.FieldColumn(vectors)!]));
        return tables;
    }

    /// <summary>The tables of a unit kind.</summary>
    public static IReadOnlyList<RecordColumns> Of(StoreLayout layout, UnitKind kind) => kind == UnitKind.Thread ? OfThreads(layout) : OfMemory(layout);
}

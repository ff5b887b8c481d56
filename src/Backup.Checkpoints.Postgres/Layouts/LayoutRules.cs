using Backup.Contracts;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>Which layouts can be captured whole. What is not recognised is refused, never half captured.</summary>
internal static class LayoutRules
{
    private static readonly Dictionary<string, string[]> Required = new()
    {
        [TableNames.Checkpoints] = ["thread_id", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id", "checkpoint", "metadata"],
        [TableNames.Blobs] = ["thread_id", "checkpoint_ns", "channel", "version", "type", "blob"],
        [TableNames.Writes] = ["thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx", "channel", "type", "blob"],
    };

    private static readonly Dictionary<string, string[]> Keys = new()
    {
        [TableNames.Checkpoints] = ["thread_id", "checkpoint_ns", "checkpoint_id"],
        [TableNames.Blobs] = ["thread_id", "checkpoint_ns", "channel", "version"],
        [TableNames.Writes] = ["thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx"],
    };

    /// <summary>Checks the columns.</summary>
    /// <exception cref="BackupException">NotFound or Usage.</exception>
    public static void Check(PostgresStoreOptions store, StoreLayout layout)
    {
        if (layout.Table(TableNames.Checkpoints) is { } checkpoints && !checkpoints.Has("checkpoint_id")
            || layout.Table(TableNames.Blobs) is { } blobs && !blobs.Has("version"))
            throw Refused(store, $"schema {store.Schema} has the tables of LangGraph's shallow saver, which keeps only the latest checkpoint of a thread", "This layout is not supported yet.");
        foreach (var (name, columns) in Required)
        {
            var table = layout.Table(name)
                ?? throw new BackupException(ErrorKind.NotFound, $"'{store.Name}': there is no table {store.Schema}.{name}",
                    "Check Schema and the database in its ConnectionString. LangGraph's setup() makes the tables.");
            var missing = columns.Where(c => !table.Has(c)).ToList();
            if (missing.Count > 0) throw Refused(store, $"table {store.Schema}.{name} has no column {string.Join(", ", missing)}", "This is not a layout of LangGraph's PostgresSaver.");
        }
        foreach (var table in layout.Tables.Where(t => TableNames.IsMemory(t.Name) && !IsMemory(t)))
            throw Refused(store, $"table {store.Schema}.{table.Name} is not LangGraph's long-term memory", "Move that table to another schema, or name the schema LangGraph uses.");
        if (layout.Table(TableNames.Vectors) is not null && !layout.HasMemory)
            throw Refused(store, $"table {store.Schema}.{TableNames.Vectors} has no table {TableNames.Store} beside it", "Move that table to another schema.");
        ColumnRules.Check(store, layout);
    }

    /// <summary>
    /// Checks that the tables have LangGraph's keys, which the records are kept by. Tables without any are those of a restore that has
    /// not come to its end.
    /// </summary>
    /// <exception cref="BackupException">Usage.</exception>
    public static void CheckKeys(PostgresStoreOptions store, StoreLayout layout)
    {
        foreach (var (name, key) in Keys)
        {
            var table = layout.Table(name)!;
            if (table.PrimaryKey.Count == 0)
                throw Refused(store, $"table {store.Schema}.{name} has no primary key", "A restore into it has not come to its end: run it again. Else add the key LangGraph's setup() makes.");
            if (!table.PrimaryKey.Order(StringComparer.Ordinal).SequenceEqual(key.Order(StringComparer.Ordinal)))
                throw Refused(store, $"the primary key of {store.Schema}.{name} is ({string.Join(", ", table.PrimaryKey)}), not ({string.Join(", ", key)})", "This is not a layout of LangGraph's PostgresSaver.");
        }
    }

    /// <exception cref="BackupException">Usage: it is no table, or one whose rows are not all its own.</exception>
    public static void CheckKind(PostgresStoreOptions store, string table, string kind, bool foreignPartition, bool inherited)
    {
        if (kind is not ("r" or "p"))
            throw Refused(store, $"{store.Schema}.{table} is a {(kind == "f" ? "foreign table" : "view")}, not a table of this database", "Back up the database the data is in.");
        if (foreignPartition)
            throw Refused(store, $"{store.Schema}.{table} has a partition that is a foreign table, whose rows no snapshot of this database covers", "Back up the database the data is in.");
        if (inherited)
            throw Refused(store, $"other tables inherit from {store.Schema}.{table}, and their own columns would be lost", "Move their rows into it, or use declarative partitioning.");
    }

    /// <summary>True for a table of long-term memory that is made as LangGraph makes it.</summary>
    public static bool IsMemory(TableLayout table) => table.Name switch
    {
        TableNames.Store => UnitColumn(table) is not null && table.Has("key") && table.Has("value"),
        TableNames.Vectors => UnitColumn(table) is not null && table.Has("key") && FieldColumn(table) is not null,
        _ => table.Has("v"),
    };

    /// <summary>The column that names the unit a row belongs to.</summary>
    public static string? UnitColumn(TableLayout table) =>
        !TableNames.IsMemory(table.Name) ? "thread_id" : table.Has("prefix") ? "prefix" : table.Has("namespace_path") ? "namespace_path" : null;

    /// <summary>The column that names a vector's field.</summary>
    public static string? FieldColumn(TableLayout table) => table.Has("field_name") ? "field_name" : table.Has("field_path") ? "field_path" : null;

    public static BackupException Refused(PostgresStoreOptions store, string what, string hint) => new(ErrorKind.Usage, $"'{store.Name}' cannot be captured whole: {what}", hint);
}

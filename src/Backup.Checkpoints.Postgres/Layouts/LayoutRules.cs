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
        if (layout.Table(TableNames.Store) is { } items && (UnitColumn(items) is null || !items.Has("key") || !items.Has("value")))
            throw Refused(store, $"table {store.Schema}.{TableNames.Store} is not LangGraph's long-term memory", "Move that table to another schema, or name the schema LangGraph uses.");
        if (layout.Table(TableNames.Vectors) is { } vectors && (UnitColumn(vectors) is null || FieldColumn(vectors) is null || layout.Table(TableNames.Store) is null))
            throw Refused(store, $"table {store.Schema}.{TableNames.Vectors} is not LangGraph's", "Move that table to another schema.");
    }

    /// <summary>The column that names the unit a row belongs to.</summary>
    public static string? UnitColumn(TableLayout table) =>
        table.Has("thread_id") ? "thread_id" : table.Has("prefix") ? "prefix" : table.Has("namespace_path") ? "namespace_path" : null;

    /// <summary>The column that names a vector's field.</summary>
    public static string? FieldColumn(TableLayout table) => table.Has("field_name") ? "field_name" : table.Has("field_path") ? "field_path" : null;

    public static BackupException Refused(PostgresStoreOptions store, string what, string hint) => new(ErrorKind.Usage, $"'{store.Name}' cannot be captured whole: {what}", hint);
}

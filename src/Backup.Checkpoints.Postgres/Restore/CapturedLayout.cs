using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>The layout a restore brings along: the captured one, or that of LangGraph's JS saver when nothing in it ever came from PostgreSQL.</summary>
internal static class CapturedLayout
{
    public static StoreLayout Of(TargetIntent intent)
    {
        var origin = LayoutOrigin.Of(intent);
        var layout = origin.Kind == "postgres" ? StoreLayout.Decode(origin.Layout.GetRawText()) : Default;
        if (intent.Generation is { } name) layout = Generations.Upgrade(layout, name);
        return intent.WithMemory ? layout : layout with { Tables = layout.Tables.Where(t => !TableNames.IsMemory(t.Name)).ToList() };
    }

    // formats.md §2.1 and §2.2: the tables of PostgresSaver.setup() of the JS package, and the task path that Python and memory have.
    private static readonly StoreLayout Default = new()
    {
        Schema = "public",
        Tables =
        [
            Table(TableNames.Checkpoints, ["thread_id", "checkpoint_ns", "checkpoint_id"],
                Key("thread_id"), Ns, Key("checkpoint_id"), Optional("parent_checkpoint_id"), Optional("type"),
                new("checkpoint", "jsonb", true, null), new("metadata", "jsonb", true, "'{}'::jsonb")),
            Table(TableNames.Blobs, ["thread_id", "checkpoint_ns", "channel", "version"],
                Key("thread_id"), Ns, Key("channel"), Key("version"), Key("type"), new("blob", "bytea", false, null)),
            Table(TableNames.Writes, ["thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx"],
                Key("thread_id"), Ns, Key("checkpoint_id"), Key("task_id"), new("idx", "integer", true, null), Key("channel"), Optional("type"),
                new("blob", "bytea", true, null), new("task_path", "text", true, "''::text")),
            Table(TableNames.Migrations, ["v"], new ColumnLayout("v", "integer", true, null)) with { Migrations = [0, 1, 2, 3, 4] },
        ],
    };

    private static ColumnLayout Ns => new("checkpoint_ns", "text", true, "''::text");

    private static ColumnLayout Key(string name) => new(name, "text", true, null);

    private static ColumnLayout Optional(string name) => new(name, "text", false, null);

    private static TableLayout Table(string name, string[] key, params ColumnLayout[] columns) => new() { Name = name, Columns = columns, PrimaryKey = key };
}

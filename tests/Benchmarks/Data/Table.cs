namespace Backup.Benchmarks.Data;

/// <summary>One of LangGraph's tables.</summary>
/// <param name="Name">Name.</param>
/// <param name="Columns">Columns carried as text, the thread's id first; of what type each is.</param>
/// <param name="HasBlob">True when a column <c>blob</c> follows.</param>
internal sealed record Table(string Name, IReadOnlyList<(string Name, string Type)> Columns, bool HasBlob)
{
    public static readonly IReadOnlyList<Table> All =
    [
        new("checkpoints", [Text("thread_id"), Text("checkpoint_ns"), Text("checkpoint_id"), Text("parent_checkpoint_id"), Text("type"), ("checkpoint", "jsonb"), ("metadata", "jsonb")], HasBlob: false),
        new("checkpoint_blobs", [Text("thread_id"), Text("checkpoint_ns"), Text("channel"), Text("version"), Text("type")], HasBlob: true),
        new("checkpoint_writes", [Text("thread_id"), Text("checkpoint_ns"), Text("checkpoint_id"), Text("task_id"), ("idx", "integer"), Text("channel"), Text("type")], HasBlob: true),
    ];

    public string ColumnList => string.Join(", ", [.. Columns.Select(c => c.Name), .. HasBlob ? ["blob"] : Array.Empty<string>()]);

    private static (string, string) Text(string name) => (name, "text");
}

using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphJs;

/// <summary>The layout of LangGraph's JS saver (formats.md §3.3).</summary>
internal static class JsLayout
{
    // What records need when they go to PostgreSQL: the tables of LangGraph's JS package, with what its Redis savers say beyond them.
    private const string Origin = """
        {"kind":"postgres","layout":{"version":1,"schema":"public","tables":[
        {"name":"checkpoints","primaryKey":["thread_id","checkpoint_ns","checkpoint_id"],"columns":[{"name":"thread_id","type":"text","notNull":true},{"name":"checkpoint_ns","type":"text","notNull":true,"default":"''::text"},{"name":"checkpoint_id","type":"text","notNull":true},{"name":"parent_checkpoint_id","type":"text","notNull":false},{"name":"type","type":"text","notNull":false},{"name":"checkpoint","type":"jsonb","notNull":true},{"name":"metadata","type":"jsonb","notNull":true,"default":"'{}'::jsonb"},{"name":"redis","type":"text","notNull":false}]},
        {"name":"checkpoint_blobs","primaryKey":["thread_id","checkpoint_ns","channel","version"],"columns":[{"name":"thread_id","type":"text","notNull":true},{"name":"checkpoint_ns","type":"text","notNull":true,"default":"''::text"},{"name":"channel","type":"text","notNull":true},{"name":"version","type":"text","notNull":true},{"name":"type","type":"text","notNull":true},{"name":"blob","type":"bytea","notNull":false},{"name":"redis","type":"text","notNull":false}]},
        {"name":"checkpoint_writes","primaryKey":["thread_id","checkpoint_ns","checkpoint_id","task_id","idx"],"columns":[{"name":"thread_id","type":"text","notNull":true},{"name":"checkpoint_ns","type":"text","notNull":true,"default":"''::text"},{"name":"checkpoint_id","type":"text","notNull":true},{"name":"task_id","type":"text","notNull":true},{"name":"idx","type":"integer","notNull":true},{"name":"channel","type":"text","notNull":true},{"name":"type","type":"text","notNull":false},{"name":"blob","type":"bytea","notNull":true},{"name":"redis","type":"text","notNull":false}]},
        {"name":"checkpoint_migrations","primaryKey":["v"],"columns":[{"name":"v","type":"integer","notNull":true}],"migrations":[0,1,2,3,4]}]}}
        """;

    /// <summary>The indexes as the saver makes them.</summary>
    public static readonly (string Name, string Prefix, (string Field, string Type)[] Fields)[] Indexes =
    [
        ("checkpoints", SaverKeys.Checkpoints, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("parent_checkpoint_id", "TAG"), ("checkpoint_ts", "NUMERIC"), ("has_writes", "TAG"), ("source", "TAG"), ("step", "NUMERIC")]),
        ("checkpoint_blobs", SaverKeys.Blobs, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("channel", "TAG"), ("version", "TAG"), ("type", "TAG")]),
        ("checkpoint_writes", SaverKeys.Writes, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("task_id", "TAG"), ("idx", "NUMERIC"), ("channel", "TAG"), ("type", "TAG")]),
    ];

    /// <summary>The description of a layout of the JS package.</summary>
    public static string Describe(string name) => $$"""{"kind":"redis","layout":"{{name}}","version":1,"origin":{{Origin}}}""";

    public static SaverLayout Create() => new()
    {
        Name = "langgraph-js", Saver = "LangGraph's JS saver", Description = Describe("langgraph-js"), Indexes = Indexes,
        IsIndexed = names => names.Contains("checkpoints") && !names.Contains("checkpoints_blobs"), IsForeign = hasWrites => hasWrites is "true" or "false",
        Takes = SaverKeys.IsPlain, Keys = new(ns => ns),
        ReadCheckpoint = JsRecords.ReadCheckpoint, WriteCheckpoint = JsRecords.WriteAsync,
        ReadBlob = JsRecords.ReadBlob, WriteBlob = JsRecords.Write, ReadWrite = JsRecords.ReadWrite, WriteWrite = JsRecords.Write,
    };
}

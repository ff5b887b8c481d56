using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphPython;

/// <summary>The layout of LangGraph's Python saver that keeps all checkpoints, RedisSaver or AsyncRedisSaver (formats.md §3.1).</summary>
internal static class PythonLayout
{
    // Names of the indexes as versions since 0.1.2 make them; those of values are of versions up to 0.3.6, which make theirs themselves.
    private static readonly (string Name, string Prefix, (string Field, string Type)[] Fields)[] Indexes =
    [
        ("checkpoint", SaverKeys.Checkpoints, [("thread_id", "TAG"), ("run_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("parent_checkpoint_id", "TAG"), ("checkpoint_ts", "NUMERIC"), ("source", "TAG"), ("step", "NUMERIC"), ("has_writes", "TAG")]),
        ("checkpoint_write", SaverKeys.Writes, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("task_id", "TAG"), ("idx", "NUMERIC"), ("channel", "TAG"), ("type", "TAG")]),
    ];

    public static SaverLayout Create() => new()
    {
        Name = "langgraph-python", Saver = "LangGraph's Python saver", Description = """{"kind":"redis","layout":"langgraph-python","version":1}""", Indexes = Indexes,
        IsIndexed = names => names.Contains("checkpoint") || names.Contains("checkpoints_blobs"), IsForeign = hasWrites => hasWrites.StartsWith('"'),
        HasPointers = true, Takes = _ => true, Keys = new(SaverKeys.Safe),
        ReadCheckpoint = PythonRecords.ReadCheckpoint, WriteCheckpoint = (thread, record, hasWrites, _) => Task.FromResult(PythonRecords.Write(thread, record, hasWrites)),
        ReadBlob = PythonRecords.ReadBlob, WriteBlob = PythonRecords.Write, ReadWrite = PythonRecords.ReadWrite, WriteWrite = PythonRecords.Write,
    };
}

using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphPython;

/// <summary>The layouts of LangGraph's Python savers: the one that keeps all checkpoints, RedisSaver or AsyncRedisSaver (formats.md §3.1), and the shallow one.</summary>
internal static class PythonLayout
{
    // Names of the indexes as versions since 0.1.2 make them; those of values are of versions up to 0.3.6, which make theirs themselves.
    private static readonly (string Name, string Prefix, (string Field, string Type)[] Fields)[] Indexes =
    [
        ("checkpoint", SaverKeys.Checkpoints, [("thread_id", "TAG"), ("run_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("parent_checkpoint_id", "TAG"), ("checkpoint_ts", "NUMERIC"), ("source", "TAG"), ("step", "NUMERIC"), ("has_writes", "TAG")]),
        ("checkpoint_write", SaverKeys.Writes, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("task_id", "TAG"), ("idx", "NUMERIC"), ("channel", "TAG"), ("type", "TAG")]),
    ];

    public static SaverLayout Create() => Create("langgraph-python", "LangGraph's Python saver", Extras.RedisPython) with
    {
        IsIndexed = names => names.Contains("checkpoint") || names.Contains("checkpoints_blobs"), HasPointers = true,
    };

    /// <summary>The layout of the Python savers that keep the newest checkpoint, ShallowRedisSaver and AsyncShallowRedisSaver (formats.md §3.2).</summary>
    public static SaverLayout CreateShallow() => Create("langgraph-python-shallow", "LangGraph's Python shallow saver", Extras.RedisPythonShallow) with
    {
        // Names of indexes do not tell it from the saver that keeps all checkpoints, nor, in versions up to 0.3.6, from the JS shallow saver: keys do.
        IsIndexed = names => names.Contains("checkpoint") || (names.Contains("checkpoints") && !names.Contains("checkpoint_blobs") && !names.Contains("checkpoints_blobs")),
        IsShallow = true, Keys = new(SaverKeys.Safe, newest: (thread, ns) => $"{thread}:{ns}", sets: Sets),
    };

    private static SaverLayout Create(string name, string saver, string extra)
    {
        var records = new PythonRecords(extra, saver);
        return new()
        {
            Name = name, Saver = saver, Description = $$"""{"kind":"redis","layout":"{{name}}","version":1}""", Indexes = Indexes, IsIndexed = _ => false, IsForeign = hasWrites => hasWrites.StartsWith('"'),
            Takes = _ => true, Keys = new(SaverKeys.Safe),
            ReadCheckpoint = records.ReadCheckpoint, WriteCheckpoint = (thread, record, hasWrites, _) => Task.FromResult(records.Write(thread, record, hasWrites)),
            ReadBlob = records.ReadBlob, WriteBlob = records.Write, ReadWrite = records.ReadWrite, WriteWrite = records.Write,
        };
    }

    // The set of the one class and of the other, and as older versions spell the empty namespace.
    private static string[] Sets(string thread, string ns)
    {
        string Set(string prefix, string spelled) => $"{prefix}:{thread}:{spelled}:shallow";
        string[] usual = [Set("write_registry", SaverKeys.Safe(ns)), Set("write_keys_zset", SaverKeys.Safe(ns))];
        return ns.Length > 0 ? usual : [.. usual, Set("write_registry", ""), Set("write_keys_zset", "")];
    }
}

using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphPython;

/// <summary>The layout of LangGraph's Python savers that keep the newest checkpoint, ShallowRedisSaver and AsyncShallowRedisSaver (formats.md §3.2).</summary>
internal static class PythonShallowLayout
{
    public static SaverLayout Create() => PythonLayout.Create() with
    {
        Name = "langgraph-python-shallow", Saver = "LangGraph's Python shallow saver", Description = """{"kind":"redis","layout":"langgraph-python-shallow","version":1}""", IsShallow = true, HasPointers = false,
        // Names of indexes do not tell it from the saver that keeps all checkpoints, nor, in versions up to 0.3.6, from the JS shallow saver: keys do.
        IsIndexed = names => names.Contains("checkpoint") || (names.Contains("checkpoints") && !names.Contains("checkpoint_blobs") && !names.Contains("checkpoints_blobs")),
        IsForeign = hasWrites => hasWrites.StartsWith('"'),
        Keys = new(SaverKeys.Safe, newest: (thread, ns) => $"{thread}:{ns}", sets: Sets),
    };

    // The set of the one class and of the other, and as older versions spell the empty namespace.
    private static string[] Sets(string thread, string ns)
    {
        string Set(string prefix, string spelled) => $"{prefix}:{thread}:{spelled}:shallow";
        var safe = SaverKeys.Safe(ns);
        return ns.Length > 0 ? [Set("write_registry", safe), Set("write_keys_zset", safe)] : [Set("write_registry", safe), Set("write_keys_zset", safe), Set("write_registry", ns), Set("write_keys_zset", ns)];
    }
}

using Backup.Checkpoints.Redis.LangGraph;

namespace Backup.Checkpoints.Redis.LangGraphJs;

/// <summary>The layout of LangGraph's JS saver that keeps the newest checkpoint, ShallowRedisSaver (formats.md §3.2).</summary>
internal static class JsShallowLayout
{
    public static SaverLayout Create() => new()
    {
        Name = "langgraph-js-shallow", Saver = "LangGraph's JS shallow saver", Description = JsLayout.Describe("langgraph-js-shallow"), IsShallow = true,
        // It makes the same indexes, but none of values: one that is there is of the saver that keeps all checkpoints.
        Indexes = [.. JsLayout.Indexes.Where(i => i.Prefix != SaverKeys.Blobs)],
        IsIndexed = names => names.Contains("checkpoints") && !names.Contains("checkpoint_blobs") && !names.Contains("checkpoints_blobs"), IsForeign = hasWrites => hasWrites is "true" or "false",
        Takes = SaverKeys.IsPlain, Keys = new(ns => ns, newest: (thread, ns) => $"{thread}:{ns}:shallow"),
        ReadCheckpoint = JsShallowRecords.ReadCheckpoint, WriteCheckpoint = JsShallowRecords.WriteAsync, ReadValues = JsShallowRecords.ReadValues,
        ReadBlob = JsRecords.ReadBlob, WriteBlob = JsRecords.Write, ReadWrite = JsShallowRecords.ReadWrite, WriteWrite = JsShallowRecords.Write,
    };
}

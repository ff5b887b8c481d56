using System.Text;
using Backup.Abstractions;
using Backup.Contracts;

namespace Backup.Tests.Cluster.Memory;

/// <summary>What a LangGraph saver sends.</summary>
internal static class Saver
{
    public static Task PutAsync(this ICheckpointThreadGrain thread, string id, string? parent = null, string value = "value", string ns = "", string kind = "loop", string version = "1") => thread.PutAsync(new CheckpointPut
    {
        Namespace = ns, CheckpointId = id, ParentId = parent, Checkpoint = $$$"""{"v": 4, "id": "{{{id}}}", "channel_versions": {"messages": {{{version}}}}}""",
        Metadata = $$"""{"source": "{{kind}}"}""", Values = [new("messages", version, Value(value))],
    });

    public static Task WriteAsync(this ICheckpointThreadGrain thread, string checkpoint, string task, params (string Channel, string Value)[] writes) => thread.PutWritesAsync(new WritesPut
    {
        CheckpointId = checkpoint, TaskId = task, Writes = [.. writes.Select(w => new ChannelWrite(w.Channel, Value(w.Value)))],
    });

    public static TypedValue Value(string text) => new("json", Encoding.UTF8.GetBytes(text));

    public static string Text(this TypedValue value) => Encoding.UTF8.GetString(value.Value!);

    /// <summary>Everything of a thread in one comparable text.</summary>
    public static async Task<string> DumpAsync(this ICheckpointThreadGrain thread)
    {
        var text = new StringBuilder();
        foreach (var c in await thread.ListAsync(new()))
        {
            text.Append(c.Namespace).Append('|').Append(c.CheckpointId).Append('|').Append(c.ParentId).Append('|').Append(c.Checkpoint).Append('|').Append(c.Metadata);
            foreach (var v in c.Values) text.Append('|').Append(v.Channel).Append('=').Append(v.Version).Append(':').Append(v.Value.Text());
            foreach (var w in c.Writes) text.Append('|').Append(w.TaskId).Append('/').Append(w.Index).Append('/').Append(w.Channel).Append(':').Append(w.Value.Text());
            text.AppendLine();
        }
        return text.ToString();
    }
}

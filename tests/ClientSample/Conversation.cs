using System.Globalization;
using System.Text;
using System.Text.Json;
using Backup.Abstractions;
using Backup.Contracts;

namespace Backup.Samples.Client;

/// <summary>A conversation whose steps are kept as LangGraph keeps them: a checkpoint each, with the whole list of messages.</summary>
internal sealed class Conversation(IGrainFactory grains, string store, string id)
{
    private readonly ICheckpointThreadGrain thread = grains.GetGrain<ICheckpointThreadGrain>(GrainKeys.Thread(store, id));
    private readonly List<string> messages = [];
    private string? last;

    public string Id => id;

    public async Task SayAsync(string text)
    {
        messages.Add(text);
        var version = messages.Count.ToString(CultureInfo.InvariantCulture);
        var checkpoint = $"step-{version}";
        await thread.PutAsync(new()
        {
            CheckpointId = checkpoint, ParentId = last, Metadata = JsonSerializer.Serialize(new { source = "loop", step = messages.Count }),
            Checkpoint = JsonSerializer.Serialize(new { v = 4, id = checkpoint, channel_versions = new { messages = version } }),
            Values = [new("messages", version, new("json", JsonSerializer.SerializeToUtf8Bytes(messages)))],
        });
        await thread.PutWritesAsync(new() { CheckpointId = checkpoint, TaskId = "task", Writes = [new("messages", new("json", Encoding.UTF8.GetBytes($"\"{text}\"")))] });
        last = checkpoint;
    }

    /// <summary>What was said last, as the store holds it; null when it holds nothing.</summary>
    public async Task<string?> LastAsync() => await thread.GetAsync("", null) is { } newest
        ? JsonSerializer.Deserialize<List<string>>(newest.Values.Single(v => v.Channel == "messages").Value.Value)![^1]
        : null;

    public Task ForgetAsync() => thread.DeleteAsync();
}

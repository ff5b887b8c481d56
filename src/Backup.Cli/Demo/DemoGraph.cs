using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Backup.Abstractions;
using Backup.Contracts;

namespace Backup.Cli.Demo;

/// <summary>
/// One namespace of a thread as LangGraph writes it: after every step a checkpoint with the new versions of its channels, and the
/// writes of the tasks that come next.
/// </summary>
internal sealed class DemoGraph(ICheckpointThreadGrain thread, DemoRandom random, string ns, DateTimeOffset start)
{
    private readonly SortedDictionary<string, int> versions = new(StringComparer.Ordinal);
    private readonly JsonArray messages = [];
    private DateTimeOffset now = start;
    private int step = -2;

    /// <summary>The checkpoint put last, or null.</summary>
    public string? Last { get; private set; }

    /// <summary>Ids of the checkpoints put so far.</summary>
    public List<string> Checkpoints { get; } = [];

    /// <summary>When the graph stands still.</summary>
    public DateTimeOffset Now => now;

    /// <summary>A message is added, and the checkpoint of the step put.</summary>
    public Task SayAsync(string source, JsonObject message, string next)
    {
        messages.Add(message);
        return PutAsync(source, Last, next);
    }

    /// <summary>Goes on from an older checkpoint with another message, as a person who edits a question does.</summary>
    public Task ForkAsync(string from, JsonObject message)
    {
        while (messages.Count > 2) messages.RemoveAt(messages.Count - 1);
        messages.Add(message);
        return PutAsync("fork", from, "agent");
    }

    /// <summary>A task waits for a person.</summary>
    public Task InterruptAsync(string question) => thread.PutWritesAsync(new WritesPut
    {
        Namespace = ns, CheckpointId = Last!, TaskId = random.Uuid(), Writes = [new("__interrupt__", Json(new JsonArray(new JsonObject { ["value"] = question, ["id"] = random.Hex(32) })))],
    });

    private async Task PutAsync(string source, string? parent, string next)
    {
        now += TimeSpan.FromMilliseconds(random.Next(200, 4000));
        step++;
        var values = new List<ChannelValue> { Value("messages", Json(messages)), Value($"branch:to:{next}", Json(null)) };
        // What triggered this step is used up.
        values.AddRange(versions.Keys.Where(c => c.StartsWith("branch:", StringComparison.Ordinal) && c != $"branch:to:{next}").ToList().Select(c => Value(c, new("empty", null))));
        var id = Id();
        await thread.PutAsync(new CheckpointPut
        {
            Namespace = ns, CheckpointId = id, ParentId = parent, Values = values,
            Checkpoint = new JsonObject
            {
                ["v"] = 4, ["id"] = id, ["ts"] = now.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                ["channel_versions"] = new JsonObject(versions.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value))),
                ["versions_seen"] = new JsonObject { ["agent"] = new JsonObject { ["branch:to:agent"] = Math.Max(1, step) } },
            }.ToJsonString(),
            Metadata = new JsonObject { ["source"] = source, ["step"] = step, ["parents"] = new JsonObject() }.ToJsonString(),
        });
        await thread.PutWritesAsync(new WritesPut
        {
            Namespace = ns, CheckpointId = id, TaskId = random.Uuid(),
            Writes = [new("messages", Json(messages[^1])), new($"branch:to:{next}", Json(null))],
        });
        Checkpoints.Add(Last = id);
    }

    private ChannelValue Value(string channel, TypedValue value)
    {
        versions[channel] = versions.Values.DefaultIfEmpty().Max() + 1;
        return new(channel, versions[channel].ToString(CultureInfo.InvariantCulture), value);
    }

    // A version 6 UUID: sorts by time, and tells the step.
    private string Id()
    {
        var t = (ulong)(now.UtcTicks - DateTime.UnixEpoch.Ticks) + 0x01B21DD213814000UL;
        var high = (t >> 12).ToString("x12", CultureInfo.InvariantCulture);
        return $"{high[..8]}-{high[8..]}-6{t & 0xFFF:x3}-{0x8000 | (step & 0x3FFF):x4}-{random.Hex(12)}";
    }

    private static TypedValue Json(JsonNode? value) => new("json", Encoding.UTF8.GetBytes(value?.ToJsonString() ?? "null"));
}

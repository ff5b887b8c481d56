using System.Text.Json.Nodes;
using Backup.Abstractions;

namespace Backup.Cli.Demo;

/// <summary>A conversation with an agent that calls tools: some ask a subgraph, some are forked, some wait for a person's approval.</summary>
internal sealed class DemoThread(ICheckpointThreadGrain thread, DemoRandom random, DateTimeOffset start)
{
    /// <summary>Has the conversation; returns the number of checkpoints.</summary>
    public async Task<int> RunAsync()
    {
        var graph = new DemoGraph(thread, random, "", start);
        var inside = 0;
        for (var turn = random.Next(2, 6); turn > 0; turn--)
        {
            await graph.SayAsync("input", Message("human", random.Text(random.Next(8, 30))), "agent");
            var call = $"call_{random.Hex(12)}";
            await graph.SayAsync("loop", Message("ai", "", new JsonObject { ["id"] = call, ["name"] = "lookup", ["args"] = new JsonObject { ["query"] = random.Text(4) } }), "tools");
            if (random.OneIn(6)) inside += await ResearchAsync(graph.Now);
            await graph.SayAsync("loop", Message("tool", Rows().ToJsonString(), id: call), "agent");
            await graph.SayAsync("loop", Message("ai", random.Text(random.Next(40, 160))), "agent");
        }
        if (random.OneIn(8)) await graph.ForkAsync(graph.Checkpoints[1], Message("human", random.Text(12)));
        if (random.OneIn(5)) await graph.InterruptAsync($"Approve this? {random.Text(6)}");
        return graph.Checkpoints.Count + inside;
    }

    private async Task<int> ResearchAsync(DateTimeOffset now)
    {
        var graph = new DemoGraph(thread, random, $"research:{random.Uuid()}", now);
        await graph.SayAsync("input", Message("human", random.Text(10)), "gather");
        await graph.SayAsync("loop", Message("tool", Rows().ToJsonString()), "conclude");
        await graph.SayAsync("loop", Message("ai", random.Text(60)), "conclude");
        return graph.Checkpoints.Count;
    }

    private JsonObject Message(string type, string content, JsonObject? call = null, string? id = null) => new()
    {
        ["lc"] = 1, ["type"] = "constructor", ["id"] = new JsonArray("langchain_core", "messages", type switch { "human" => "HumanMessage", "ai" => "AIMessage", _ => "ToolMessage" }),
        ["kwargs"] = new JsonObject { ["id"] = random.Uuid(), ["content"] = content, ["tool_calls"] = call is null ? [] : new JsonArray(call), ["tool_call_id"] = id, ["additional_kwargs"] = new JsonObject() },
    };

    private JsonArray Rows() => [.. Enumerable.Range(0, random.Next(2, 8)).Select(_ => new JsonObject { ["sku"] = random.Hex(8), ["title"] = random.Text(5), ["cents"] = random.Next(100, 99999) })];
}

using Backup.Checkpoints.Redis.LangGraph;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Redis;

/// <summary>Where a checkpoint store in Redis is.</summary>
public sealed record RedisStoreOptions
{
    /// <summary>The prefix of keys when none is configured.</summary>
    public const string DefaultPrefix = "langgraph";

    /// <summary>Configured name, for messages.</summary>
    public required string Name { get; init; }
    /// <summary>As StackExchange.Redis takes it: <c>host:port,user=…,password=…,ssl=true,defaultDatabase=0</c>.</summary>
    public required string ConnectionString { get; init; }
    /// <summary>What every key of the store begins with, before a colon.</summary>
    public string Prefix { get; init; } = DefaultPrefix;
    /// <summary>Whose keys they are. Those of LangGraph's own savers have no prefix.</summary>
    public RedisLayout Layout { get; init; }
    /// <summary>True when restores may write here.</summary>
    public bool Writable { get; init; }
    /// <summary>Slows captures down; null for as fast as it can.</summary>
    public RateLimit? ReadLimit { get; init; }

    /// <summary>LangGraph's own saver; null for the plain layout.</summary>
    internal SaverLayout? Saver => Layout switch
    {
        RedisLayout.LangGraphJs => SaverLayout.Js, RedisLayout.LangGraphPython => SaverLayout.Python, RedisLayout.LangGraphJsShallow => SaverLayout.JsShallow,
        RedisLayout.LangGraphPythonShallow => SaverLayout.PythonShallow, _ => null,
    };
}

/// <summary>Layouts of a checkpoint store in Redis (docs/redis.md).</summary>
public enum RedisLayout
{
    /// <summary>Ours, for a Redis without modules.</summary>
    Plain,
    /// <summary>That of LangGraph's JS saver (formats.md §3.3).</summary>
    LangGraphJs,
    /// <summary>That of LangGraph's Python saver (formats.md §3.1).</summary>
    LangGraphPython,
    /// <summary>That of LangGraph's JS saver that keeps the newest checkpoint (formats.md §3.2).</summary>
    LangGraphJsShallow,
    /// <summary>That of LangGraph's Python savers that keep the newest checkpoint (formats.md §3.2).</summary>
    LangGraphPythonShallow,
}

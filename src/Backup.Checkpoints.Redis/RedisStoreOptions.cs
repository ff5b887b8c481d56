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
    /// <summary>True for the keys of LangGraph's own JS saver (formats.md §3.3), which have no prefix; false for the plain layout.</summary>
    public bool LangGraphJs { get; init; }
    /// <summary>True when restores may write here.</summary>
    public bool Writable { get; init; }
    /// <summary>Slows captures down; null for as fast as it can.</summary>
    public RateLimit? ReadLimit { get; init; }
}

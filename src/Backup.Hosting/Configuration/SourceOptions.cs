using Backup.Checkpoints.Redis;

namespace Backup.Hosting.Configuration;

/// <summary>A checkpoint store: something that is backed up, and restored into where it is writable.</summary>
public sealed class SourceOptions
{
    /// <summary>A LangGraph store in PostgreSQL.</summary>
    public const string Postgres = "postgres";
    /// <summary>A store in Redis.</summary>
    public const string Redis = "redis";
    /// <summary>Threads held by the cluster itself.</summary>
    public const string Memory = "memory";

    /// <summary>The layout of ours in Redis (docs/redis.md), which is the only one yet.</summary>
    public const string PlainLayout = "plain";

    /// <summary><see cref="Postgres"/>, <see cref="Redis"/> or <see cref="Memory"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>How to reach the store. A secret: never printed. Empty for memory.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>Schema of the store's tables.</summary>
    public string Schema { get; init; } = "public";

    /// <summary>Layout of a store in Redis: <see cref="PlainLayout"/>.</summary>
    public string Layout { get; init; } = "";

    /// <summary>What the keys of a store in Redis begin with, before a colon.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>True when it may be restored into.</summary>
    public bool Writable { get; init; }

    /// <summary>Its change log.</summary>
    public SourceLogOptions Log { get; init; } = new();

    /// <summary>Millions of bytes a second that each process reads of the store for backups, or null for as many as it can.</summary>
    public int? MaxReadMBPerSecond { get; init; }

    /// <summary>Millions of bytes each silo may hold of a memory store.</summary>
    public int MemoryLimitMB { get; init; } = DefaultMemoryLimitMB;

    private const int DefaultMemoryLimitMB = 1000;

    internal static SourceOptions Read(SettingsSection section)
    {
        var kind = section.Choice("Kind", Postgres, Redis, Memory);
        var log = section.Child("Log");
        var options = new SourceOptions
        {
            Kind = kind ?? "",
            Writable = section.Flag("Writable"),
            ConnectionString = kind switch
            {
                Memory => "",
                Postgres => section.Required("ConnectionString", "how to reach the database, like \"Host=db;Database=app;Username=backup\""),
                Redis => section.Required("ConnectionString", "how to reach Redis, like \"redis:6379,user=backup,password=…,ssl=true\""),
                _ => section.Text("ConnectionString") ?? "",
            },
            Layout = kind == Redis ? ReadLayout(section) : "",
            Prefix = kind == Redis ? section.Text("Prefix") ?? RedisStoreOptions.DefaultPrefix : "",
            Log = log is not null ? SourceLogOptions.Read(log) : new(),
            MemoryLimitMB = (kind == Memory ? section.Number("MemoryLimitMB", 1, 1_000_000) : null) ?? DefaultMemoryLimitMB,
            MaxReadMBPerSecond = kind == Memory ? null : section.Number("MaxReadMBPerSecond", 1, 100_000),
            Schema = kind is Memory or Redis ? "" : section.Text("Schema") ?? "public",
        };
        section.RefuseUnknown(kind == Memory ? ["Kind", "Writable", "MemoryLimitMB", "Log"] : null);
        return options;
    }

    private static string ReadLayout(SettingsSection section)
    {
        if (section.Text("Layout") is "langgraph-js" or "langgraph-python")
        {
            section.Problem($"Layout: LangGraph's own layouts in Redis are not read yet; \"{PlainLayout}\" is");
            return PlainLayout;
        }
        return section.Choice("Layout", PlainLayout) ?? PlainLayout;
    }
}

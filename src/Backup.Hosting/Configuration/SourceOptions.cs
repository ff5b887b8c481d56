using Backup.Checkpoints.Redis;
using Backup.Checkpoints.S3;

namespace Backup.Hosting.Configuration;

/// <summary>A checkpoint store: something that is backed up, and restored into where it is writable.</summary>
public sealed class SourceOptions
{
    /// <summary>A LangGraph store in PostgreSQL.</summary>
    public const string Postgres = "postgres";
    /// <summary>A store in Redis.</summary>
    public const string Redis = "redis";
    /// <summary>A store in S3.</summary>
    public const string S3 = "s3";
    /// <summary>Threads held by the cluster itself.</summary>
    public const string Memory = "memory";

    /// <summary>The layouts of a store in Redis as they are configured (docs/redis.md).</summary>
    public static readonly IReadOnlyDictionary<string, RedisLayout> RedisLayouts = new Dictionary<string, RedisLayout>
    {
        ["plain"] = RedisLayout.Plain, ["langgraph-js"] = RedisLayout.LangGraphJs, ["langgraph-python"] = RedisLayout.LangGraphPython,
        ["langgraph-js-shallow"] = RedisLayout.LangGraphJsShallow, ["langgraph-python-shallow"] = RedisLayout.LangGraphPythonShallow,
    };

    /// <summary><see cref="Postgres"/>, <see cref="Redis"/>, <see cref="S3"/> or <see cref="Memory"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>How to reach the store. A secret: never printed. Empty for S3 and memory.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>Schema of the store's tables.</summary>
    public string Schema { get; init; } = "public";

    /// <summary>Layout of a store in Redis: one of <see cref="RedisLayouts"/>.</summary>
    public string Layout { get; init; } = "";

    /// <summary>What the keys of a store begin with: in Redis before a colon, in S3 before a slash.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Bucket of a store in S3.</summary>
    public string Bucket { get; init; } = "";

    /// <summary>Address of an S3 server that is not AWS's, or null.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Region of a bucket, or null for what the environment says.</summary>
    public string? Region { get; init; }

    /// <summary>Access key of S3, or null for the credentials that the environment has.</summary>
    public string? AccessKey { get; init; }

    /// <summary>Secret key of S3. A secret: never printed.</summary>
    public string? SecretKey { get; init; }

    /// <summary>True when it may be restored into.</summary>
    public bool Writable { get; init; }

    /// <summary>Its change log.</summary>
    public SourceLogOptions Log { get; init; } = new();

    /// <summary>
    /// Millions of bytes a second that each process reads of the store for backups, or null for as many as it can. Redis does one thing at a time,
    /// so a backup of it is limited unless told otherwise; 0 in the configuration lifts the limit.
    /// </summary>
    public int? MaxReadMBPerSecond { get; init; }

    /// <summary>Millions of bytes each silo may hold of a memory store.</summary>
    public int MemoryLimitMB { get; init; } = DefaultMemoryLimitMB;

    private const int DefaultMemoryLimitMB = 1000;
    private const int DefaultRedisReadMBPerSecond = 20;

    internal static SourceOptions Read(SettingsSection section)
    {
        var kind = section.Choice("Kind", Postgres, Redis, S3, Memory);
        var log = section.Child("Log");
        var options = new SourceOptions
        {
            Kind = kind ?? "",
            Writable = section.Flag("Writable"),
            ConnectionString = kind switch
            {
                Memory or S3 => "",
                Postgres => section.Required("ConnectionString", "how to reach the database, like \"Host=db;Database=app;Username=backup\""),
                Redis => section.Required("ConnectionString", "how to reach Redis, like \"redis:6379,user=backup,password=…,ssl=true\""),
                _ => section.Text("ConnectionString") ?? "",
            },
            Layout = kind == Redis ? ReadLayout(section) : "",
            Prefix = kind switch { Redis => section.Text("Prefix") ?? RedisStoreOptions.DefaultPrefix, S3 => ReadKeyPrefix(section), _ => "" },
            Bucket = kind == S3 ? section.Required("Bucket", "the name of the bucket") : "",
            Endpoint = kind == S3 ? ReadEndpoint(section) : null,
            Region = kind == S3 ? section.Text("Region") : null,
            AccessKey = kind == S3 ? section.Text("AccessKey") : null,
            SecretKey = kind == S3 ? section.Text("SecretKey") : null,
            Log = log is not null ? SourceLogOptions.Read(log) : new(),
            MemoryLimitMB = (kind == Memory ? section.Number("MemoryLimitMB", 1, 1_000_000) : null) ?? DefaultMemoryLimitMB,
            MaxReadMBPerSecond = kind == Memory ? null : (section.Number("MaxReadMBPerSecond", 0, 100_000) ?? (kind == Redis ? DefaultRedisReadMBPerSecond : 0)) is > 0 and var limit ? limit : null,
            Schema = kind is Memory or Redis or S3 ? "" : section.Text("Schema") ?? "public",
        };
        if (options.AccessKey is null != options.SecretKey is null) section.Problem("AccessKey and SecretKey belong together: set both, or neither for the credentials that the environment has");
        section.RefuseUnknown(kind == Memory ? ["Kind", "Writable", "MemoryLimitMB", "Log"] : null);
        return options;
    }

    // Printable ASCII, so that keys are the same bytes everywhere and no client takes them for a path.
    private static string ReadKeyPrefix(SettingsSection section)
    {
        var prefix = section.Text("Prefix") ?? S3StoreOptions.DefaultPrefix;
        if (prefix.Length > 200 || prefix.Split('/').Any(part => part is "" or "." or ".." || part.Any(c => c is <= ' ' or >= '\u007f')))
            section.Problem("Prefix must be up to 200 printable ASCII characters without spaces, in parts between single slashes, like \"prod/langgraph\"");
        return prefix;
    }

    private static Uri? ReadEndpoint(SettingsSection section)
    {
        if (section.Text("Endpoint") is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var endpoint) && endpoint is { Scheme: "http" or "https", UserInfo: "", PathAndQuery: "/" }) return endpoint;
        section.Problem("Endpoint must be an address like \"https://s3.example:9000\"");
        return null;
    }

    private static string ReadLayout(SettingsSection section)
    {
        var layout = section.Choice("Layout", [.. RedisLayouts.Keys]) ?? "plain";
        if (RedisLayouts[layout] != RedisLayout.Plain && section.Text("Prefix") is not null) section.Problem($"Prefix: LangGraph's saver has none; leave it out with \"Layout\": \"{layout}\"");
        return layout;
    }
}

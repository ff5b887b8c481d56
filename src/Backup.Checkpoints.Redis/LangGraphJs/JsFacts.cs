using Backup.Checkpoints.Redis.Layouts;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraphJs;

/// <summary>What a server with LangGraph's JS saver is at one instant.</summary>
/// <param name="Time">Its clock.</param>
/// <param name="RunId">Id of its process.</param>
/// <param name="ReplicationId">Id of the history of its data.</param>
/// <param name="ServerVersion">Its version.</param>
/// <param name="Indexed">True when the saver's index is there: it has written here, and nobody has emptied the database.</param>
/// <param name="Expires">True when keys of the database expire.</param>
/// <param name="HasMemory">True when the index of LangGraph's long-term memory is there.</param>
internal sealed record JsFacts(DateTimeOffset Time, string RunId, string ReplicationId, string ServerVersion, bool Indexed, bool Expires, bool HasMemory)
{
    /// <summary>The saver's indexes: name, prefix of keys, fields by type (formats.md §3.3).</summary>
    private static readonly (string Name, string Prefix, (string Field, string Type)[] Fields)[] Indexes =
    [
        ("checkpoints", JsKeys.Checkpoints, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("parent_checkpoint_id", "TAG"), ("checkpoint_ts", "NUMERIC"), ("has_writes", "TAG"), ("source", "TAG"), ("step", "NUMERIC")]),
        ("checkpoint_blobs", JsKeys.Blobs, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("channel", "TAG"), ("version", "TAG"), ("type", "TAG")]),
        ("checkpoint_writes", JsKeys.Writes, [("thread_id", "TAG"), ("checkpoint_ns", "TAG"), ("checkpoint_id", "TAG"), ("task_id", "TAG"), ("idx", "NUMERIC"), ("channel", "TAG"), ("type", "TAG")]),
    ];

    /// <summary>The keys a restore keeps beside the saver's.</summary>
    public static PlainKeys Own { get; } = new("backup");

    /// <summary>Reads them.</summary>
    /// <exception cref="BackupException">Usage: the server may drop keys, is a cluster or has no modules. Unreachable: it is not whole yet. Conflict: it is being restored.</exception>
    public static async Task<JsFacts> ReadAsync(RedisStoreOptions options, IDatabase database, bool ownRestore = false)
    {
        var server = await StoreFacts.ServerAsync(options, database);
        var mark = (string?)await database.StringGetAsync(Own.Mark);
        if (!ownRestore && mark?.StartsWith("x/", StringComparison.Ordinal) == true)
            throw new BackupException(ErrorKind.Conflict, $"'{options.Name}' is being restored", "Nothing was captured. Try again when the restore has ended.");
        var time = (RedisResult[])(await database.ExecuteAsync("TIME"))!;
        var indexes = ((RedisResult[])(await database.ExecuteAsync("FT._LIST"))!).Select(i => (string)i!).ToHashSet(StringComparer.Ordinal);
        return new(DateTimeOffset.UnixEpoch.AddMicroseconds((long)time[0] * 1_000_000 + (long)time[1]), server["run_id"], server.GetValueOrDefault("master_replid") ?? "",
            server.GetValueOrDefault("redis_version") ?? "", indexes.Contains("checkpoints"),
            server.GetValueOrDefault($"db{database.Database}")?.Contains(",expires=0,", StringComparison.Ordinal) == false, indexes.Contains("store"));
    }

    /// <summary>Makes the indexes that are not there, as the saver does.</summary>
    public static async Task IndexAsync(IDatabase database)
    {
        foreach (var (name, prefix, fields) in Indexes)
        {
            try
            {
                await database.ExecuteAsync("FT.CREATE", [name, "ON", "JSON", "PREFIX", "1", prefix, "SCHEMA", .. fields.SelectMany(f => new object[] { $"$.{f.Field}", "AS", f.Field, f.Type })]);
            }
            catch (RedisServerException error) when (error.Message.Contains("Index already exists", StringComparison.OrdinalIgnoreCase))
            {
                // The saver's own.
            }
        }
    }
}

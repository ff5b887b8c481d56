using Backup.Checkpoints.Redis.Layouts;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>What a server with one of LangGraph's savers is at one instant.</summary>
/// <param name="Time">Its clock.</param>
/// <param name="RunId">Id of its process.</param>
/// <param name="ReplicationId">Id of the history of its data.</param>
/// <param name="ServerVersion">Its version.</param>
/// <param name="Indexed">True when the saver's index is there: it has written here, and nobody has emptied the database.</param>
/// <param name="Expires">True when keys of the database expire.</param>
/// <param name="HasMemory">True when the index of LangGraph's long-term memory is there.</param>
internal sealed record SaverFacts(DateTimeOffset Time, string RunId, string ReplicationId, string ServerVersion, bool Indexed, bool Expires, bool HasMemory)
{
    /// <summary>The keys a restore keeps beside the saver's.</summary>
    public static PlainKeys Own { get; } = new("backup");

    /// <summary>Reads them.</summary>
    /// <exception cref="BackupException">Usage: the server may drop keys, is a cluster, has no modules or is of another saver. Unreachable: it is not whole yet. Conflict: it is being restored.</exception>
    public static async Task<SaverFacts> ReadAsync(RedisStoreOptions options, SaverLayout layout, IDatabase database, bool ownRestore = false)
    {
        var server = await StoreFacts.ServerAsync(options, database);
        var mark = (string?)await database.StringGetAsync(Own.Mark);
        if (!ownRestore && mark?.StartsWith("x/", StringComparison.Ordinal) == true)
            throw new BackupException(ErrorKind.Conflict, $"'{options.Name}' is being restored", "Nothing was captured. Try again when the restore has ended.");
        var time = (RedisResult[])(await database.ExecuteAsync("TIME"))!;
        var indexes = ((RedisResult[])(await database.ExecuteAsync("FT._LIST"))!).Select(i => (string)i!).ToHashSet(StringComparer.Ordinal);
        if (!layout.IsIndexed(indexes) && SaverLayout.All.FirstOrDefault(l => l.IsIndexed(indexes)) is { } other)
            throw new BackupException(ErrorKind.Usage, $"'{options.Name}' has the indexes of {other.Saver}, and layout {layout.Name} is configured", $"Nothing was read or changed. Set \"Layout\": \"{other.Name}\", or correct the database in its ConnectionString.");
        return new(DateTimeOffset.UnixEpoch.AddMicroseconds((long)time[0] * 1_000_000 + (long)time[1]), server["run_id"], server.GetValueOrDefault("master_replid") ?? "",
            server.GetValueOrDefault("redis_version") ?? "", layout.IsIndexed(indexes),
            server.GetValueOrDefault($"db{database.Database}")?.Contains(",expires=0,", StringComparison.Ordinal) == false, indexes.Contains("store"));
    }

    /// <summary>Makes the indexes that are not there, as the saver does.</summary>
    public static async Task IndexAsync(SaverLayout layout, IDatabase database)
    {
        foreach (var (name, prefix, fields) in layout.Indexes)
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

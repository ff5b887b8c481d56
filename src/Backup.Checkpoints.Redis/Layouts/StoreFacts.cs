using System.Globalization;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.Layouts;

/// <summary>What the store and its server are at one instant.</summary>
internal sealed record StoreFacts
{
    /// <summary>Id of the store: a new one each time it is made.</summary>
    public required string Id { get; init; }
    /// <summary>Number of its last change.</summary>
    public required long Sequence { get; init; }
    /// <summary>Threads and namespaces of memory there are.</summary>
    public required long Units { get; init; }
    /// <summary>What it was restored from, or null.</summary>
    public string? Origin { get; init; }
    /// <summary>The server's clock.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>Id of the server's process: another after each start.</summary>
    public required string RunId { get; init; }
    /// <summary>Id of the history of data the server holds: another after a fail-over.</summary>
    public required string ReplicationId { get; init; }
    /// <summary>Version of the server.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>Reads them; null when there is no store.</summary>
    /// <exception cref="BackupException">Usage: the server may drop keys, or is a cluster. NotFound: the store is of another layout. Unreachable: it is not whole yet. Failed: its counts do not agree. Conflict: it is being restored.</exception>
    public static async Task<StoreFacts?> ReadAsync(RedisStoreOptions options, IDatabase database, PlainKeys keys, bool ownRestore = false)
    {
        var server = await ServerAsync(options, database, keys);
        var transaction = database.CreateTransaction();
        var storeTask = transaction.HashGetAllAsync(keys.Store);
        var threads = transaction.SortedSetLengthAsync(keys.Index(Model.UnitKind.Thread));
        var memory = transaction.SortedSetLengthAsync(keys.Index(Model.UnitKind.Memory));
        var mark = transaction.StringGetAsync(keys.Mark);
        var clock = transaction.ExecuteAsync("TIME");
        await transaction.ExecuteAsync();
        var store = (await storeTask).ToDictionary(f => (string)f.Name!, f => (string)f.Value!, StringComparer.Ordinal);
        var time = (RedisResult[])(await clock)!;
        if (!ownRestore && ((string?)await mark)?.StartsWith("x/", StringComparison.Ordinal) == true)
            throw new BackupException(ErrorKind.Conflict, $"'{options.Name}' is being restored", "Nothing was captured. Try again when the restore has ended.");
        if (store.Count == 0)
        {
            // Without the store's own hash nothing may be there.
            return await threads + await memory == 0 ? null : throw Damaged(options, "its description is gone, and units are there");
        }
        if (store.GetValueOrDefault("layout") != "plain" || store.GetValueOrDefault("version") != "1")
            throw new BackupException(ErrorKind.Usage, $"'{options.Name}' is of layout {store.GetValueOrDefault("layout")} {store.GetValueOrDefault("version")}, and plain 1 is configured",
                "Nothing was read. Correct Layout or Prefix, or use a version of this program that knows the layout.");
        foreach (var (name, found) in new[] { ("threads", await threads), ("memory", await memory) })
            if (Number(store, name) != found) throw Damaged(options, $"it counts {Number(store, name)} units in {keys.Prefix}:{name}, where {found} are");
        var now = (long)time[0] * 1_000_000 + (long)time[1];
        return new()
        {
            Id = store.GetValueOrDefault("id") ?? "", Sequence = Number(store, "seq"), Units = await threads + await memory, Origin = store.GetValueOrDefault("origin"),
            Time = DateTimeOffset.UnixEpoch.AddMicroseconds(now),
            RunId = server["run_id"], ReplicationId = server.GetValueOrDefault("master_replid") ?? "", ServerVersion = server.GetValueOrDefault("redis_version") ?? "",
        };
    }

    /// <summary>The report of the server that holds the store, when it can be relied on.</summary>
    /// <param name="options">The store.</param>
    /// <param name="database">Its database.</param>
    /// <param name="keys">Its keys when they may lie in one slot of a cluster; null when they do not.</param>
    internal static async Task<Dictionary<string, string>> ServerAsync(RedisStoreOptions options, IDatabase database, PlainKeys? keys = null)
    {
        var asked = keys is not null && await database.IdentifyEndpointAsync(keys.Store) is { } holder ? database.Multiplexer.GetServer(holder).ExecuteAsync("INFO") : database.ExecuteAsync("INFO");
        var report = ((string)(await asked)!).Split('\n').Select(l => l.TrimEnd('\r').Split(':', 2)).Where(l => l.Length == 2).DistinctBy(l => l[0]).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        string Of(string name) => report.GetValueOrDefault(name) ?? "";
        if (Of("loading") is not ("" or "0") || Of("async_loading") is not ("" or "0"))
            throw new BackupException(ErrorKind.Unreachable, $"the Redis server of '{options.Name}' is still loading its data", "Nothing was read. Run the same command again when it has loaded.");
        if (Of("role") == "slave" && (Of("master_link_status") != "up" || Of("master_sync_in_progress") != "0"))
            throw new BackupException(ErrorKind.Unreachable, $"the Redis server of '{options.Name}' is a replica that is not in step with its primary", "Nothing was read. Name the primary, or wait for the replica.");
        if (Of("cluster_enabled") == "1" && keys is not { InOneSlot: true }) throw ManySlots(options, keys);
        if (Of("maxmemory") is not ("" or "0") && Of("maxmemory_policy").StartsWith("allkeys", StringComparison.Ordinal))
            throw new BackupException(ErrorKind.Usage, $"the Redis server of '{options.Name}' drops keys when memory is short (maxmemory-policy {Of("maxmemory_policy")}), so what is missing may not have been deleted",
                "Nothing was read. Checkpoints need CONFIG SET maxmemory-policy noeviction.");
        return report;
    }

    /// <summary>The error of a store that would lie on several nodes of a cluster.</summary>
    internal static BackupException ManySlots(RedisStoreOptions options, PlainKeys? keys) =>
        new(ErrorKind.Usage, $"the Redis server of '{options.Name}' is part of a Redis Cluster, where keys that belong together would lie on several nodes",
            keys is null ? "Nothing was read. Use a server of its own, with replicas if you like."
                : $"Nothing was read or written. In a cluster a store lies in one slot: give it a Prefix with a hash tag, like \"{{{keys.Prefix}}}\".");

    private static long Number(Dictionary<string, string> store, string name) =>
        long.TryParse(store.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    private static BackupException Damaged(RedisStoreOptions options, string what) => new(ErrorKind.Failed, $"'{options.Name}' is not whole: {what}",
        "Nothing was captured, and nothing is taken for deleted. Keys were removed by hand or dropped by the server: restore the latest backup.");
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraphJs;

/// <summary>The documents there are of one thread.</summary>
internal sealed class JsThread
{
    /// <summary>What stands before each key: nothing, or where a restore has put the thread aside.</summary>
    public string Before { get; init; } = "";
    /// <summary>Checkpoints.</summary>
    public List<(string Key, string Namespace, string Id)> Checkpoints { get; } = [];
    /// <summary>Channel values.</summary>
    public List<string> Blobs { get; } = [];
    /// <summary>Writes, each with the checkpoint it is on.</summary>
    public List<(string Key, string Namespace, string Id)> Writes { get; } = [];

    /// <summary>When a restore has the thread go by itself; null for never.</summary>
    public DateTimeOffset? Expires { get; set; }

    /// <summary>Sorted sets that a restore has filled.</summary>
    public HashSet<string> Scored { get; } = new(StringComparer.Ordinal);

    /// <summary>The checkpoints that there are or that have writes.</summary>
    public IEnumerable<(string Namespace, string Id)> Written => Checkpoints.Concat(Writes).Select(c => (c.Namespace, c.Id)).Distinct();

    /// <summary>Id of the newest checkpoint, as LangGraph orders them; null when there is none.</summary>
    public string? Newest => Checkpoints.Count == 0 ? null : Checkpoints.Select(c => c.Id).Max(StringComparer.Ordinal);
}

/// <summary>Finds the documents of threads. What a document is of is read from it, since ids in keys may hold colons.</summary>
internal static class JsListing
{
    private const int Page = 1000;

    /// <summary>Threads by id, ordered as units are.</summary>
    /// <param name="store">For messages.</param>
    /// <param name="database">Where.</param>
    /// <param name="pattern">What of the keys to look at.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task<SortedDictionary<string, JsThread>> ScanAsync(RedisStoreOptions store, IDatabase database, string pattern, CancellationToken cancellation)
    {
        var threads = new SortedDictionary<string, JsThread>(Comparer<string>.Create(Utf8Order.Compare));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var found in KeysAsync(database, pattern, cancellation))
        {
            var page = found.Where(k => IsDocument(store, k) && seen.Add(k)).ToList();
            var asked = page.ConvertAll(key => database.ExecuteAsync("JSON.GET", (RedisKey)key, "$.thread_id", "$.checkpoint_ns", "$.checkpoint_id"));
            for (var i = 0; i < page.Count; i++)
            {
                // Deleted since.
                if ((string?)await asked[i] is not { } projection) continue;
                if (Read(projection) is not var (thread, ns, id))
                    throw new BackupException(ErrorKind.Failed, $"'{store.Name}': {page[i]} is no document of LangGraph's JS saver", "Nothing was captured. Delete the key, or correct Layout.");
                if (!threads.TryGetValue(thread, out var of)) threads[thread] = of = new();
                if (page[i].StartsWith(JsKeys.Blobs, StringComparison.Ordinal)) of.Blobs.Add(page[i]);
                else (page[i].StartsWith(JsKeys.Writes, StringComparison.Ordinal) ? of.Writes : of.Checkpoints).Add((page[i], JsKeys.Unsafe(ns), id));
            }
        }
        return threads;
    }

    /// <summary>Keys that match a pattern, a page at a time; some may come twice.</summary>
    public static async IAsyncEnumerable<List<string>> KeysAsync(IDatabase database, string pattern, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var cursor = "0";
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var reply = (RedisResult[])(await database.ExecuteAsync("SCAN", cursor, "MATCH", pattern, "COUNT", Page))!;
            cursor = (string)reply[0]!;
            yield return ((RedisResult[])reply[1]!).Select(k => (string)k!).ToList();
        }
        while (cursor != "0");
    }

    /// <summary>Text as a pattern that matches nothing else.</summary>
    public static string Literal(string text) => string.Concat(text.Select(c => c is '*' or '?' or '[' or ']' or '\\' or '^' ? $"\\{c}" : $"{c}"));

    private static bool IsDocument(RedisStoreOptions store, string key)
    {
        if (key.StartsWith("checkpoint_latest:", StringComparison.Ordinal)) throw Other(store, "langgraph-python");
        if (key.StartsWith(JsKeys.Checkpoints, StringComparison.Ordinal) && key.EndsWith(":shallow", StringComparison.Ordinal)) throw Other(store, "LangGraph's ShallowRedisSaver");
        return key.StartsWith(JsKeys.Checkpoints, StringComparison.Ordinal) || key.StartsWith(JsKeys.Blobs, StringComparison.Ordinal) || key.StartsWith(JsKeys.Writes, StringComparison.Ordinal);
    }

    private static BackupException Other(RedisStoreOptions store, string layout) =>
        new(ErrorKind.Usage, $"'{store.Name}' has keys of {layout}, and langgraph-js is configured", "Nothing was captured: that layout is not read. Only LangGraph's JS RedisSaver may use the database.");

    private static (string Thread, string Namespace, string Id)? Read(string projection)
    {
        using var json = JsonDocument.Parse(projection);
        string? Of(string path) => json.RootElement.TryGetProperty(path, out var found) && found.ValueKind == JsonValueKind.Array && found.GetArrayLength() == 1 && found[0].ValueKind == JsonValueKind.String ? found[0].GetString() : null;
        return Of("$.thread_id") is { } thread && Of("$.checkpoint_ns") is { } ns && Of("$.checkpoint_id") is { } id ? (thread, ns, id) : null;
    }
}

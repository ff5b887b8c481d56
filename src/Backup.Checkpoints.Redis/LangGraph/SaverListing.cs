using System.Runtime.CompilerServices;
using System.Text.Json;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Contracts;
using StackExchange.Redis;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>The documents there are of one thread.</summary>
internal sealed class SaverThread
{
    /// <summary>What stands before each key: nothing, or where a restore has put the thread aside.</summary>
    public string Before { get; init; } = "";
    /// <summary>Checkpoints.</summary>
    public List<(string Key, string Namespace, string Id)> Checkpoints { get; } = [];
    /// <summary>Channel values.</summary>
    public List<string> Blobs { get; } = [];
    /// <summary>Writes, each with the checkpoint it is on.</summary>
    public List<(string Key, string Namespace, string Id)> Writes { get; } = [];

    /// <summary>The checkpoints and writes that an earlier listing, over before this one began, had of the thread; null where that does not matter.</summary>
    public (List<(string Key, string Namespace, string Id)> Checkpoints, List<(string Key, string Namespace, string Id)> Writes)? Earlier { get; set; }

    /// <summary>When a restore has the thread go by itself; null for never.</summary>
    public DateTimeOffset? Expires { get; set; }

    /// <summary>Sorted sets that a restore has filled.</summary>
    public HashSet<string> Scored { get; } = new(StringComparer.Ordinal);

    /// <summary>The checkpoints that there are or that have writes.</summary>
    public IEnumerable<(string Namespace, string Id)> Written => Checkpoints.Concat(Writes).Select(c => (c.Namespace, c.Id)).Distinct();

    /// <summary>Pointers to the newest checkpoints that a restore has put aside.</summary>
    public List<string> Pointers { get; } = [];

    /// <summary>The keys there may be beside the documents: sorted sets and pointers.</summary>
    public IEnumerable<string> Beside(SaverLayout layout, string id) => Written.SelectMany(w => layout.Keys.WriteSets(id, w.Namespace, w.Id)).Distinct()
        .Concat(layout.HasPointers ? Written.Select(w => w.Namespace).Distinct().Select(ns => layout.Keys.Pointer(id, ns)) : []);

    /// <summary>Id of the newest checkpoint, as LangGraph orders them; null when there is none.</summary>
    public string? Newest => Checkpoints.Count == 0 ? null : Checkpoints.Select(c => c.Id).Max(StringComparer.Ordinal);
}

/// <summary>Finds the documents of threads. What a document is of is read from it, since ids in keys may hold colons.</summary>
internal static class SaverListing
{
    /// <summary>Threads by id, ordered as units are.</summary>
    /// <param name="store">For messages.</param>
    /// <param name="layout">Whose documents they must be.</param>
    /// <param name="database">Where.</param>
    /// <param name="pattern">What of the keys to look at.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task<SortedDictionary<string, SaverThread>> ScanAsync(RedisStoreOptions store, SaverLayout layout, IDatabase database, string pattern, CancellationToken cancellation)
    {
        var threads = new SortedDictionary<string, SaverThread>(Comparer<string>.Create(Utf8Order.Compare));
        var pace = new ReadPace(store.ReadLimit);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var found in KeysAsync(database, pattern, pace, cancellation))
        {
            var page = found.Where(k => IsDocument(store, layout, k) && seen.Add(k)).ToList();
            var asked = await pace.AskAsync(page, key => database.ExecuteAsync("JSON.GET", (RedisKey)key, "$.thread_id", "$.checkpoint_ns", "$.checkpoint_id", "$.has_writes"));
            for (var i = 0; i < page.Count; i++)
            {
                // Deleted since.
                if ((string?)asked[i] is not { } projection) continue;
                if (Read(projection) is not var (thread, ns, id, hasWrites))
                {
                    if (layout.HasPointers && await IsStubAsync(database, page[i])) continue;
                    throw new BackupException(ErrorKind.Failed, $"'{store.Name}': {page[i]} is no document of {layout.Saver}", "Nothing was captured. Delete the key, or correct Layout.");
                }
                if (!layout.Keys.Fits(page[i], thread, ns, id) || layout.IsForeign(hasWrites)) throw Foreign(store, layout, page[i], thread, ns, id);
                if (!threads.TryGetValue(thread, out var of)) threads[thread] = of = new();
                if (page[i].StartsWith(SaverKeys.Blobs, StringComparison.Ordinal)) of.Blobs.Add(page[i]);
                else (page[i].StartsWith(SaverKeys.Writes, StringComparison.Ordinal) ? of.Writes : of.Checkpoints).Add((page[i], ns, id));
            }
        }
        return threads;
    }

    /// <summary>Keys that match a pattern, a page at a time; some may come twice.</summary>
    public static async IAsyncEnumerable<List<string>> KeysAsync(IDatabase database, string pattern, ReadPace pace, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var cursor = "0";
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var reply = (RedisResult[])(await database.ExecuteAsync("SCAN", cursor, "MATCH", pattern, "COUNT", pace.Scanned))!;
            cursor = (string)reply[0]!;
            yield return ((RedisResult[])reply[1]!).Select(k => (string)k!).ToList();
        }
        while (cursor != "0");
    }

    /// <summary>Text as a pattern that matches nothing else.</summary>
    public static string Literal(string text) => string.Concat(text.Select(c => c is '*' or '?' or '[' or ']' or '\\' or '^' ? $"\\{c}" : $"{c}"));

    private static bool IsDocument(RedisStoreOptions store, SaverLayout layout, string key)
    {
        if (key.StartsWith(SaverKeys.Pointers, StringComparison.Ordinal) && !layout.HasPointers) throw Other(store, layout, SaverLayout.Python);
        if (layout != SaverLayout.JsShallow && key.StartsWith(SaverKeys.Checkpoints, StringComparison.Ordinal) && key.EndsWith(":shallow", StringComparison.Ordinal)) throw Other(store, layout, SaverLayout.JsShallow);
        if (layout.ReadValues is not null && key.StartsWith(SaverKeys.Blobs, StringComparison.Ordinal)) throw Other(store, layout, SaverLayout.Js);
        return key.StartsWith(SaverKeys.Checkpoints, StringComparison.Ordinal) || key.StartsWith(SaverKeys.Blobs, StringComparison.Ordinal) || key.StartsWith(SaverKeys.Writes, StringComparison.Ordinal);
    }

    // The Python saver marks a checkpoint that it has not written yet as one with writes.
    private static async Task<bool> IsStubAsync(IDatabase database, string key) =>
        key.StartsWith(SaverKeys.Checkpoints, StringComparison.Ordinal) && (string?)await database.ExecuteAsync("JSON.GET", (RedisKey)key) is null or """{"has_writes":true}""";

    private static BackupException Foreign(RedisStoreOptions store, SaverLayout layout, string key, string thread, string ns, string id)
    {
        foreach (var other in SaverLayout.All)
            if (other != layout && other.Keys.Fits(key, thread, ns, id)) return Other(store, layout, other);
        return new(ErrorKind.Failed, $"'{store.Name}': {key} is no document of {layout.Saver}: its fields are those of another key", "Nothing was captured. Delete the key, or correct Layout.");
    }

    private static BackupException Other(RedisStoreOptions store, SaverLayout layout, SaverLayout other) =>
        new(ErrorKind.Usage, $"'{store.Name}' has keys of {other.Saver}, and layout {layout.Name} is configured", $"Nothing was read or changed. Set \"Layout\": \"{other.Name}\"; only one saver may use the database.");

    private static (string Thread, string Namespace, string Id, string HasWrites)? Read(string projection)
    {
        using var json = JsonDocument.Parse(projection);
        JsonElement? Of(string path) => json.RootElement.TryGetProperty(path, out var found) && found.ValueKind == JsonValueKind.Array && found.GetArrayLength() == 1 ? found[0] : null;
        string? Text(string path) => Of(path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        return Text("$.thread_id") is { } thread && Text("$.checkpoint_ns") is { } ns && Text("$.checkpoint_id") is { } id ? (thread, SaverKeys.Unsafe(ns), id, Of("$.has_writes")?.GetRawText() ?? "") : null;
    }
}

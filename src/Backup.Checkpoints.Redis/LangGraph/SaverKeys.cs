using System.Buffers;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>The keys of LangGraph's savers in Redis (formats.md §3). Ids may hold colons, so none is ever taken apart.</summary>
/// <param name="spell">How the saver's keys say a namespace.</param>
/// <param name="newest">What follows the prefix in the key of a saver that keeps the newest checkpoint of a thread's namespace alone; null for one that keeps all.</param>
/// <param name="sets">Names of the sorted sets of such a saver that name the writes of a namespace; null for one set for each checkpoint.</param>
internal sealed class SaverKeys(Func<string, string> spell, Func<string, string, string>? newest = null, Func<string, string, string[]>? sets = null)
{
    public const string Checkpoints = "checkpoint:", Blobs = "checkpoint_blob:", Writes = "checkpoint_write:", Pointers = "checkpoint_latest:";
    private static readonly SearchValues<char> Patterns = SearchValues.Create("*?[]\\");

    public string Checkpoint(string thread, string ns, string id) => $"{Checkpoints}{(newest is null ? $"{thread}:{spell(ns)}:{id}" : newest(thread, ns))}";

    public string Blob(string thread, ChannelBlob blob) => $"{BlobsOf(thread, blob.Namespace)}{blob.Channel}:{blob.Version}";

    public string Write(string thread, PendingWrite write, string index) => $"{WritesOf(thread, write.Namespace, write.CheckpointId)}{write.TaskId}:{index}";

    /// <summary>Sorted sets in which the keys of a checkpoint's writes may stand.</summary>
    public IReadOnlyList<string> WriteSets(string thread, string ns, string checkpoint) => sets?.Invoke(thread, ns) ?? [$"write_keys_zset:{thread}:{spell(ns)}:{checkpoint}"];

    /// <summary>The key of the newest checkpoint's key.</summary>
    public string Pointer(string thread, string ns) => $"{Pointers}{thread}:{spell(ns)}";

    /// <summary>True when a document with these fields stands where the saver puts it.</summary>
    public bool Fits(string key, string thread, string ns, string id) =>
        key.StartsWith(Blobs, StringComparison.Ordinal) ? key.StartsWith(BlobsOf(thread, ns), StringComparison.Ordinal)
        : key.StartsWith(Writes, StringComparison.Ordinal) ? key.StartsWith(WritesOf(thread, ns, id), StringComparison.Ordinal)
        : key == Checkpoint(thread, ns, id);

    /// <summary>A namespace as a search index can find it.</summary>
    public static string Safe(string ns) => ns.Length == 0 ? "__empty__" : ns;

    public static string Unsafe(string ns) => ns == "__empty__" ? "" : ns;

    /// <summary>True for what holds no sign of a pattern; the JS saver matches its keys by patterns.</summary>
    public static bool IsPlain(string part) => !part.AsSpan().ContainsAny(Patterns);

    private string BlobsOf(string thread, string ns) => $"{Blobs}{thread}:{spell(ns)}:";

    private string WritesOf(string thread, string ns, string checkpoint) => $"{Writes}{thread}:{spell(ns)}:{checkpoint}:";
}

using System.Buffers;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Redis.LangGraphJs;

/// <summary>The keys of LangGraph's JS saver in Redis (formats.md §3.3). Ids may hold colons, so none is ever taken apart.</summary>
internal static class JsKeys
{
    public const string Checkpoints = "checkpoint:", Blobs = "checkpoint_blob:", Writes = "checkpoint_write:";
    private static readonly SearchValues<char> Patterns = SearchValues.Create("*?[]\\");

    public static string Checkpoint(string thread, string ns, string id) => $"{Checkpoints}{thread}:{ns}:{id}";

    public static string Blob(string thread, ChannelBlob blob) => $"{Blobs}{thread}:{blob.Namespace}:{blob.Channel}:{blob.Version}";

    public static string Write(string thread, PendingWrite write) => FormattableString.Invariant($"{Writes}{thread}:{write.Namespace}:{write.CheckpointId}:{write.TaskId}:{write.Index}");

    /// <summary>Sorted set of the keys of a checkpoint's writes.</summary>
    public static string WriteSet(string thread, string ns, string checkpoint) => $"write_keys_zset:{thread}:{ns}:{checkpoint}";

    /// <summary>How documents of checkpoints and channel values, not of writes, say a namespace.</summary>
    public static string Safe(string ns) => ns.Length == 0 ? "__empty__" : ns;

    public static string Unsafe(string ns) => ns == "__empty__" ? "" : ns;

    /// <summary>What the saver refuses: it matches its keys by patterns.</summary>
    public static bool Takes(string part) => !part.AsSpan().ContainsAny(Patterns);
}

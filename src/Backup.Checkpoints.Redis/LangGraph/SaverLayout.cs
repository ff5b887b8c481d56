using System.Text.Json;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.LangGraphJs;
using Backup.Checkpoints.Redis.LangGraphPython;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.Redis.LangGraph;

/// <summary>What a thread's other keys say that a checkpoint's record depends on.</summary>
/// <param name="Value">Digest of the text of a channel value kept apart, by namespace, channel and version; null when there is none.</param>
/// <param name="HasWrites">Whether there are writes on a checkpoint, by namespace and id.</param>
internal sealed record SaverSurroundings(Func<string, string, string, Digest256?> Value, Func<string, string, bool> HasWrites);

/// <summary>A write as a saver keeps it.</summary>
/// <param name="Document">Its document.</param>
/// <param name="Index">Its index there and in its key.</param>
/// <param name="Scores">Its score in each of the sorted sets that it is in.</param>
internal sealed record SaverWrite(byte[] Document, string Index, IReadOnlyList<(int Set, string Score)> Scores);

/// <summary>What one of LangGraph's savers does otherwise than another: how keys and documents are spelled. The rest is the same for all.</summary>
internal sealed record SaverLayout
{
    /// <summary>Name of the layout as configured.</summary>
    public required string Name { get; init; }
    /// <summary>The saver, for messages.</summary>
    public required string Saver { get; init; }
    /// <summary>The layout's description in backups.</summary>
    public required string Description { get; init; }
    /// <summary>The indexes a restore makes: name, prefix of keys, fields by type.</summary>
    public required (string Name, string Prefix, (string Field, string Type)[] Fields)[] Indexes { get; init; }
    /// <summary>Tells from the names of all indexes whether this saver has written here.</summary>
    public required Func<IReadOnlySet<string>, bool> IsIndexed { get; init; }
    /// <summary>Tells from the JSON of a checkpoint's <c>has_writes</c> that it is of another saver.</summary>
    public required Func<string, bool> IsForeign { get; init; }
    /// <summary>True when the saver keeps the newest checkpoint of a namespace alone.</summary>
    public bool IsShallow { get; init; }
    /// <summary>True where a key names the newest checkpoint of each namespace.</summary>
    public bool HasPointers { get; init; }
    /// <summary>True when the saver takes an id.</summary>
    public required Func<string, bool> Takes { get; init; }
    /// <summary>The keys.</summary>
    public required SaverKeys Keys { get; init; }
    /// <summary>A checkpoint's document as a record.</summary>
    public required Func<ReadOnlyMemory<byte>, SaverSurroundings, Checkpoint> ReadCheckpoint { get; init; }
    /// <summary>The document of a checkpoint: thread, record, whether it has writes, and the text of channel values kept apart by channel and version, null for one that is not.</summary>
    public required Func<string, Checkpoint, bool, Func<string, string, Task<ReadOnlyMemory<byte>?>>, Task<byte[]>> WriteCheckpoint { get; init; }
    /// <summary>The channel values that stand in a checkpoint's document, each with a record of its own; null where these have documents.</summary>
    public Func<ReadOnlyMemory<byte>, SaverSurroundings, IReadOnlyList<ChannelBlob>>? ReadValues { get; init; }
    /// <summary>A channel value's document as a record.</summary>
    public required Func<ReadOnlyMemory<byte>, ChannelBlob> ReadBlob { get; init; }
    /// <summary>The document of a channel value.</summary>
    public required Func<string, ChannelBlob, byte[]> WriteBlob { get; init; }
    /// <summary>A write's document as a record, with its score in each of the sorted sets that it is in.</summary>
    public required Func<ReadOnlyMemory<byte>, IReadOnlyList<(int Set, double Score)>, PendingWrite> ReadWrite { get; init; }
    /// <summary>The document of a write, its index there, and its scores.</summary>
    public required Func<string, PendingWrite, SaverWrite> WriteWrite { get; init; }

    /// <summary>That of LangGraph's JS saver (formats.md §3.3).</summary>
    public static SaverLayout Js { get; } = JsLayout.Create();

    /// <summary>That of LangGraph's Python saver (formats.md §3.1).</summary>
    public static SaverLayout Python { get; } = PythonLayout.Create();

    /// <summary>That of LangGraph's JS saver that keeps the newest checkpoint (formats.md §3.2).</summary>
    public static SaverLayout JsShallow { get; } = JsShallowLayout.Create();

    /// <summary>That of LangGraph's Python savers that keep the newest checkpoint (formats.md §3.2).</summary>
    public static SaverLayout PythonShallow { get; } = PythonLayout.CreateShallow();

    /// <summary>Every layout that is known.</summary>
    public static IReadOnlyList<SaverLayout> All { get; } = [Js, Python, JsShallow, PythonShallow];

    /// <summary>What a restore drops beside the records: how tables were made, unless a backup of this layout says the same of them.</summary>
    public IReadOnlyList<DroppedExtra> Drops(TargetIntent intent) =>
        JsonElement.DeepEquals(LayoutOrigin.Of(intent).Layout, LayoutOrigin.Of(intent with { Layout = Description }).Layout) ? [] : LayoutOrigin.DroppedBy(intent);
}

namespace Backup.Contracts;

/// <summary>A thread at one checkpoint as a backup holds it: values are what the store holds, nothing is computed.</summary>
[GenerateSerializer, Immutable, Alias("backup.StateView")]
public sealed record StateView
{
    /// <summary>The thread's id.</summary>
    [Id(0)] public required string ThreadId { get; init; }
    /// <summary>The backup it was read from.</summary>
    [Id(1)] public required string BackupId { get; init; }
    /// <summary>The instant that backup is true for.</summary>
    [Id(2)] public DateTimeOffset CutTime { get; init; }
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(3)] public required string Namespace { get; init; }
    /// <summary>Id of the checkpoint.</summary>
    [Id(4)] public required string CheckpointId { get; init; }
    /// <summary>Id of its parent, or null.</summary>
    [Id(5)] public string? ParentId { get; init; }
    /// <summary>Time inside a UUIDv6 checkpoint id, or null for other ids.</summary>
    [Id(6)] public DateTimeOffset? Time { get; init; }
    /// <summary>The checkpoint object, without the values that the store keeps apart.</summary>
    [Id(7)] public JsonText Envelope { get; init; }
    /// <summary>The checkpoint's metadata.</summary>
    [Id(8)] public JsonText Metadata { get; init; }
    /// <summary>The channels, by name.</summary>
    [Id(9)] public required IReadOnlyList<ChannelState> Channels { get; init; }
    /// <summary>The writes stored on the checkpoint, by task and index.</summary>
    [Id(10)] public required IReadOnlyList<WriteState> Writes { get; init; }
}

/// <summary>One channel at a checkpoint.</summary>
[GenerateSerializer, Immutable, Alias("backup.ChannelState")]
public sealed record ChannelState
{
    /// <summary>Channel name.</summary>
    [Id(0)] public required string Channel { get; init; }
    /// <summary>Version as text, or null where the checkpoint names none.</summary>
    [Id(1)] public string? Version { get; init; }
    /// <summary>Where the value lies.</summary>
    [Id(2)] public ChannelPlace Place { get; init; }
    /// <summary>Type tag of the serializer, or null where the value stands in the checkpoint itself or nowhere.</summary>
    [Id(3)] public string? Type { get; init; }
    /// <summary>Bytes of the stored value.</summary>
    [Id(4)] public long Size { get; init; }
    /// <summary>The value where it is JSON; null for every other type, and where there is none.</summary>
    [Id(5)] public JsonText? Value { get; init; }
    /// <summary>SHA-256 of the stored bytes, hexadecimal; null where there is no value.</summary>
    [Id(6)] public string? Digest { get; init; }
    /// <summary>For a delta channel: the ancestors' writes its state lies in, back to the last stored value.</summary>
    [Id(7)] public int AncestorWrites { get; init; }
}

/// <summary>Where the value of a channel lies.</summary>
[GenerateSerializer]
public enum ChannelPlace
{
    /// <summary>Nowhere: the channel has no value.</summary>
    None = 0,
    /// <summary>In a blob of its own.</summary>
    Blob = 1,
    /// <summary>In the checkpoint itself.</summary>
    Inline = 2,
    /// <summary>In the writes of ancestors, since the last one that stored a value (a DeltaChannel). It is not computed.</summary>
    Delta = 3,
}

/// <summary>One write stored on a checkpoint.</summary>
[GenerateSerializer, Immutable, Alias("backup.WriteState")]
public sealed record WriteState
{
    /// <summary>The task that wrote.</summary>
    [Id(0)] public required string TaskId { get; init; }
    /// <summary>Index in the task's writes; negative for the special channels.</summary>
    [Id(1)] public int Index { get; init; }
    /// <summary>Channel written to.</summary>
    [Id(2)] public required string Channel { get; init; }
    /// <summary>Type tag of the serializer, or null.</summary>
    [Id(3)] public string? Type { get; init; }
    /// <summary>Bytes of the stored value.</summary>
    [Id(4)] public long Size { get; init; }
    /// <summary>The value where it is JSON; null for every other type.</summary>
    [Id(5)] public JsonText? Value { get; init; }
    /// <summary>Path of the task; empty where the store has none.</summary>
    [Id(6)] public string TaskPath { get; init; } = "";
}

namespace Backup.Contracts;

/// <summary>A value as LangGraph's serializers make it: a type tag and bytes.</summary>
/// <param name="Type">Type tag, such as <c>json</c> or <c>msgpack</c>; <c>empty</c> for no value.</param>
/// <param name="Value">The bytes; null for no value.</param>
[GenerateSerializer, Immutable, Alias("backup.TypedValue")]
public sealed record TypedValue([property: Id(0)] string Type, [property: Id(1)] byte[]? Value);

/// <summary>The value of a channel at a version.</summary>
/// <param name="Channel">Channel name.</param>
/// <param name="Version">Version as text.</param>
/// <param name="Value">The value.</param>
[GenerateSerializer, Immutable, Alias("backup.ChannelValue")]
public sealed record ChannelValue([property: Id(0)] string Channel, [property: Id(1)] string Version, [property: Id(2)] TypedValue Value);

/// <summary>A checkpoint as a checkpointer puts it.</summary>
[GenerateSerializer, Immutable, Alias("backup.CheckpointPut")]
public sealed record CheckpointPut
{
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(0)] public string Namespace { get; init; } = "";
    /// <summary>Id of the checkpoint.</summary>
    [Id(1)] public required string CheckpointId { get; init; }
    /// <summary>Id of its parent, or null.</summary>
    [Id(2)] public string? ParentId { get; init; }
    /// <summary>The checkpoint object as JSON text, without the values of <see cref="Values"/>.</summary>
    [Id(3)] public required string Checkpoint { get; init; }
    /// <summary>The metadata as JSON text.</summary>
    [Id(4)] public required string Metadata { get; init; }
    /// <summary>The channels that have a new version.</summary>
    [Id(5)] public IReadOnlyList<ChannelValue> Values { get; init; } = [];
}

/// <summary>The writes of one task on a checkpoint.</summary>
[GenerateSerializer, Immutable, Alias("backup.WritesPut")]
public sealed record WritesPut
{
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(0)] public string Namespace { get; init; } = "";
    /// <summary>The checkpoint written on.</summary>
    [Id(1)] public required string CheckpointId { get; init; }
    /// <summary>The task.</summary>
    [Id(2)] public required string TaskId { get; init; }
    /// <summary>Path of the task; empty where there is none.</summary>
    [Id(3)] public string TaskPath { get; init; } = "";
    /// <summary>The writes in order.</summary>
    [Id(4)] public required IReadOnlyList<ChannelWrite> Writes { get; init; }
}

/// <summary>One write.</summary>
/// <param name="Channel">Channel written to.</param>
/// <param name="Value">The value.</param>
[GenerateSerializer, Immutable, Alias("backup.ChannelWrite")]
public sealed record ChannelWrite([property: Id(0)] string Channel, [property: Id(1)] TypedValue Value);

/// <summary>A pending write as it is read back.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Index">Its index; negative for special channels.</param>
/// <param name="Channel">Channel written to.</param>
/// <param name="Value">The value.</param>
[GenerateSerializer, Immutable, Alias("backup.StoredWrite")]
public sealed record StoredWrite([property: Id(0)] string TaskId, [property: Id(1)] int Index, [property: Id(2)] string Channel, [property: Id(3)] TypedValue Value);

/// <summary>A checkpoint with its values and writes.</summary>
[GenerateSerializer, Immutable, Alias("backup.StoredCheckpoint")]
public sealed record StoredCheckpoint
{
    /// <summary>Namespace; empty for the root graph.</summary>
    [Id(0)] public required string Namespace { get; init; }
    /// <summary>Id of the checkpoint.</summary>
    [Id(1)] public required string CheckpointId { get; init; }
    /// <summary>Id of its parent, or null.</summary>
    [Id(2)] public string? ParentId { get; init; }
    /// <summary>The checkpoint object as JSON text.</summary>
    [Id(3)] public required string Checkpoint { get; init; }
    /// <summary>The metadata as JSON text.</summary>
    [Id(4)] public required string Metadata { get; init; }
    /// <summary>The values its channel versions name.</summary>
    [Id(5)] public IReadOnlyList<ChannelValue> Values { get; init; } = [];
    /// <summary>Its pending writes, by task id and index.</summary>
    [Id(6)] public IReadOnlyList<StoredWrite> Writes { get; init; } = [];
}

/// <summary>Which checkpoints a list is of.</summary>
[GenerateSerializer, Immutable, Alias("backup.CheckpointFilter")]
public sealed record CheckpointFilter
{
    /// <summary>Of this namespace, or null for all.</summary>
    [Id(0)] public string? Namespace { get; init; }
    /// <summary>Older than this checkpoint id, or null.</summary>
    [Id(1)] public string? Before { get; init; }
    /// <summary>Metadata members that must have these values, as JSON text; null for no filter.</summary>
    [Id(2)] public IReadOnlyDictionary<string, string>? Metadata { get; init; }
    /// <summary>At most so many, or null.</summary>
    [Id(3)] public int? Limit { get; init; }
}

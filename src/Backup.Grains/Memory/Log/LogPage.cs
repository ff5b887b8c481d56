namespace Backup.Grains.Memory.Log;

/// <summary>What lies between two cuts of a store on one silo.</summary>
/// <param name="From">Position of the earlier one.</param>
/// <param name="To">Position of the later one.</param>
/// <param name="Began">True when the silo took no part in the earlier one: nothing was there.</param>
/// <param name="Gone">True for the units that are not there any more, false for those that are.</param>
[GenerateSerializer, Immutable, Alias("backup.LogSpan")]
internal sealed record LogSpan([property: Id(0)] ulong From, [property: Id(1)] ulong To, [property: Id(2)] bool Began, [property: Id(3)] bool Gone);

/// <summary>A record that was put or deleted.</summary>
/// <param name="Unit">Its unit.</param>
/// <param name="Deleted">True when it was deleted: the record is kind and key alone.</param>
/// <param name="Replaces">True when it replaced another.</param>
/// <param name="Record">The record.</param>
[GenerateSerializer, Immutable, Alias("backup.LogChange")]
internal readonly record struct LogChange([property: Id(0)] string Unit, [property: Id(1)] bool Deleted, [property: Id(2)] bool Replaces, [property: Id(3)] MemoryRecord Record);

/// <summary>As many changes as one message carries.</summary>
/// <param name="Changes">The changes.</param>
/// <param name="Next">Where the next page begins, or null when this is the last.</param>
[GenerateSerializer, Immutable, Alias("backup.LogPage")]
internal sealed record LogPage([property: Id(0)] IReadOnlyList<LogChange> Changes, [property: Id(1)] PagePosition? Next);

namespace Backup.Contracts;

/// <summary>How many records of each kind a restore wrote.</summary>
[GenerateSerializer, Immutable, Alias("backup.WrittenRecords")]
public sealed record WrittenRecords
{
    /// <summary>Checkpoints.</summary>
    [Id(0)] public long Checkpoints { get; init; }
    /// <summary>Channel values.</summary>
    [Id(1)] public long Blobs { get; init; }
    /// <summary>Pending writes.</summary>
    [Id(2)] public long Writes { get; init; }
    /// <summary>Items of long-term memory.</summary>
    [Id(3)] public long Items { get; init; }
    /// <summary>Embeddings of their fields.</summary>
    [Id(4)] public long Vectors { get; init; }

    /// <summary>All of them.</summary>
    public long Total() => Checkpoints + Blobs + Writes + Items + Vectors;

    /// <summary>Adds two counts.</summary>
    public static WrittenRecords operator +(WrittenRecords a, WrittenRecords b) => new()
    {
        Checkpoints = a.Checkpoints + b.Checkpoints, Blobs = a.Blobs + b.Blobs, Writes = a.Writes + b.Writes, Items = a.Items + b.Items, Vectors = a.Vectors + b.Vectors,
    };
}

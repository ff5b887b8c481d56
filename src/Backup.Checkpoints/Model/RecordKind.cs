namespace Backup.Checkpoints.Model;

/// <summary>The kinds of record a store holds. The number is stored in archives and never changes its meaning.</summary>
public enum RecordKind : byte
{
    /// <summary>A checkpoint: envelope and metadata, without the values the store keeps apart.</summary>
    Checkpoint = 1,
    /// <summary>The value of one channel at one version.</summary>
    ChannelBlob = 2,
    /// <summary>A pending write: what a task wrote before the next checkpoint took it up.</summary>
    PendingWrite = 3,
    /// <summary>An item of long-term memory.</summary>
    StoreItem = 4,
    /// <summary>An embedding of a field of an item of long-term memory.</summary>
    StoreVector = 5,
}

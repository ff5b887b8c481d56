namespace Backup.Archive.Objects;

/// <summary>The kinds of sealed object. The number is stored in the header and never changes its meaning.</summary>
public enum ObjectKind : byte
{
    /// <summary>Captured data: frames of records.</summary>
    Segment = 1,
    /// <summary>Index pages: unit to frames.</summary>
    Index = 2,
    /// <summary>What one shard's capture made; the marker that the shard is done.</summary>
    ShardResult = 3,
    /// <summary>What a backup consists of.</summary>
    Manifest = 4,
    /// <summary>A link of the seal chain: makes a backup exist, or a removal known.</summary>
    Seal = 5,
    /// <summary>A sign of life of a run's owner.</summary>
    Lease = 6,
    /// <summary>Marks a run that must not seal any more.</summary>
    Dead = 7,
    /// <summary>An owner's claim on a source's change log.</summary>
    LogClaim = 8,
    /// <summary>Closes a tick of a change log: what it covers and where its changes are.</summary>
    Tick = 9,
    /// <summary>Repeats seals, so that few objects are read where many are listed.</summary>
    SealPage = 10,
    /// <summary>When units of a backup go by themselves.</summary>
    Expiries = 11,
}

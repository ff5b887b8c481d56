namespace Backup.Contracts;

/// <summary>Asks for a restore into a target. Names are those of the configuration.</summary>
[GenerateSerializer, Immutable, Alias("backup.RestoreRequest")]
public sealed record RestoreRequest
{
    /// <summary>Name of the configured archive.</summary>
    [Id(0)] public required string Archive { get; init; }

    /// <summary>The backup to restore, or null for one of <see cref="Source"/>: the one <see cref="At"/> finds, or the latest.</summary>
    [Id(1)] public string? BackupId { get; init; }

    /// <summary>The source whose backup is restored when none is named.</summary>
    [Id(2)] public string? Source { get; init; }

    /// <summary>Name of the configured target.</summary>
    [Id(3)] public required string Target { get; init; }

    /// <summary>Thread ids to restore; null means the whole store.</summary>
    [Id(4)] public IReadOnlyList<string>? Threads { get; init; }

    /// <summary>Only records of exactly this <c>checkpoint_ns</c>; null means every namespace. The empty string is the root graph.</summary>
    [Id(5)] public string? Namespace { get; init; }

    /// <summary>The thread as it was at this checkpoint: the checkpoint, its ancestors and all they need; needs exactly one thread.</summary>
    [Id(6)] public string? Checkpoint { get; init; }

    /// <summary>What becomes of the pending writes of <see cref="Checkpoint"/> itself.</summary>
    [Id(7)] public CheckpointWrites Writes { get; init; }

    /// <summary>Restore the one selected thread under this thread id.</summary>
    [Id(8)] public string? NewThreadId { get; init; }

    /// <summary>What to do with a thread that is in the target already with another content.</summary>
    [Id(9)] public ConflictPolicy Conflict { get; init; }

    /// <summary>Also remove threads from the target that the backup does not hold. Whole-store restores only.</summary>
    [Id(10)] public bool Mirror { get; init; }

    /// <summary>Leave the target open to other writers while restoring into it.</summary>
    [Id(11)] public bool Online { get; init; }

    /// <summary>The point to restore <see cref="Source"/> to, as <see cref="RecoveryPoint"/> reads it; null means the latest backup. A checkpoint needs exactly one thread.</summary>
    [Id(12)] public string? At { get; init; }

    /// <summary>
    /// Id of an earlier backup of the same source that the target is known to hold: only what changed since is looked at and counted. What the target holds
    /// otherwise is then the caller's to know. Mirrors only; null means that everything is compared.
    /// </summary>
    [Id(13)] public string? Since { get; init; }

    /// <summary>Restore into the tables of this newer generation of LangGraph's (<c>python-9</c>, <c>js</c>); null means as they were captured.</summary>
    [Id(14)] public string? Layout { get; init; }
    /// <summary>What becomes of the times at which threads go by themselves.</summary>
    [Id(15)] public ExpiryPolicy Expiry { get; init; }
}

/// <summary>What a restore does with the time at which a captured thread goes by itself.</summary>
[GenerateSerializer]
public enum ExpiryPolicy
{
    /// <summary>It is the time it was. A thread whose time has come is not brought back.</summary>
    Keep = 0,
    /// <summary>The thread lives as long from the restore on as it would have lived from the cut on.</summary>
    Shift = 1,
    /// <summary>Threads stay until they are deleted.</summary>
    None = 2,
}

/// <summary>What becomes of the pending writes stored on a checkpoint that is restored by itself.</summary>
[GenerateSerializer]
public enum CheckpointWrites
{
    /// <summary>Kept when nothing was decided on the checkpoint yet (no resume, no child checkpoint), left out otherwise: no later decision is replayed.</summary>
    Auto = 0,
    /// <summary>Left out, with the child namespaces of its tasks.</summary>
    None = 1,
    /// <summary>Restored as stored, decisions taken after the checkpoint included.</summary>
    Stored = 2,
}

/// <summary>What a restore does with a thread that the target holds with another content. Equal content is never a conflict.</summary>
[GenerateSerializer]
public enum ConflictPolicy
{
    /// <summary>Change nothing and report every such thread.</summary>
    Fail = 0,
    /// <summary>Leave such threads as they are in the target.</summary>
    Skip = 1,
    /// <summary>Replace such threads whole: afterwards the target holds exactly what was restored.</summary>
    Overwrite = 2,
    /// <summary>Replace, and with a mirror remove, what is exactly as an earlier backup of the same source has it; with anything else change nothing and report it.</summary>
    Earlier = 3,
}

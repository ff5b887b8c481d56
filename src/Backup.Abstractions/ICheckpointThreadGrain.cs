using Backup.Contracts;

namespace Backup.Abstractions;

/// <summary>
/// One thread of a memory store: a LangGraph checkpointer, with the semantics of its savers. Key: <see cref="GrainKeys.Thread"/>.
/// </summary>
[Alias("backup.ICheckpointThreadGrain")]
public interface ICheckpointThreadGrain : IGrainWithStringKey
{
    /// <summary>Puts a checkpoint and the new values of its channels. Values that are there stay; a checkpoint that is there gets the new object and metadata.</summary>
    /// <exception cref="BackupException">Failed: no room, or the thread was lost. Conflict: the store is being restored.</exception>
    [Alias("Put")]
    Task PutAsync(CheckpointPut checkpoint);

    /// <summary>Puts the writes of a task. Writes to special channels replace those that are there; others stay.</summary>
    [Alias("PutWrites")]
    Task PutWritesAsync(WritesPut writes);

    /// <summary>The checkpoint of that id, or the newest of the namespace; null when there is none.</summary>
    [Alias("Get")]
    Task<StoredCheckpoint?> GetAsync(string ns, string? checkpointId);

    /// <summary>Checkpoints, newest first.</summary>
    [Alias("List")]
    Task<IReadOnlyList<StoredCheckpoint>> ListAsync(CheckpointFilter filter);

    /// <summary>Deletes the thread on purpose.</summary>
    [Alias("Delete")]
    Task DeleteAsync();
}

using Backup.Contracts;
using Orleans.Concurrency;

namespace Backup.Abstractions;

/// <summary>
/// One thread of a source. Of every source it tells what of the thread is captured and has it backed up; the threads of a memory store it serves
/// besides, as a LangGraph checkpointer with the semantics of its savers. Key: <see cref="GrainKeys.Thread"/>.
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

    /// <summary>What of the thread is captured, what is pending, and which backups hold it. Also of sources that are configured no more.</summary>
    /// <param name="archive">Name of the archive; null for the one its change log goes to, or the only one.</param>
    [Alias("Delta"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    Task<ThreadDelta> DeltaAsync(string? archive);

    /// <summary>Asks for the thread to be backed up as it is now. <see cref="ThreadBackups.BackUpNowAsync"/> asks and waits.</summary>
    /// <param name="archive">Name of the archive; null for the one its change log goes to, or the only one.</param>
    /// <exception cref="BackupException">NotFound: there is no such source or archive. Usage: which archive is meant is not clear.</exception>
    [Alias("BackupNow"), AlwaysInterleave]
    Task<ThreadBackup> BackupNowAsync(string? archive);

    /// <summary>How that stands: returns when there is more to say, or after some seconds. What it returns is asked for the next time.</summary>
    /// <exception cref="BackupException">What the run failed with.</exception>
    [Alias("AwaitBackup"), AlwaysInterleave]
    Task<ThreadBackup> AwaitBackupAsync(ThreadBackup asked);
}

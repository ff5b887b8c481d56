using Backup.Contracts;
using Orleans.Concurrency;

namespace Backup.Abstractions;

/// <summary>Admits and serializes the backups of one source. Key: <see cref="GrainKeys.Source"/>.</summary>
[Alias("backup.IBackupManagerGrain")]
public interface IBackupManagerGrain : IGrainWithStringKey
{
    /// <summary>Admits a backup and starts it.</summary>
    /// <exception cref="BackupException">Conflict: a backup of this source is running.</exception>
    [Alias("Start")]
    Task<RunStatus> StartAsync(BackupRequest request);

    /// <summary>The latest runs, oldest first.</summary>
    [Alias("Runs")]
    Task<IReadOnlyList<RunStatus>> RunsAsync();

    /// <summary>Says that a run of this source is going on: a manager whose memory was lost remembers it again.</summary>
    [Alias("Note"), AlwaysInterleave]
    Task NoteAsync(string runId);
}

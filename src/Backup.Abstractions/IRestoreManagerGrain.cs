using Backup.Contracts;
using Orleans.Concurrency;

namespace Backup.Abstractions;

/// <summary>Admits and serializes the restores into one target. Key: <see cref="GrainKeys.Target"/>.</summary>
[Alias("backup.IRestoreManagerGrain")]
public interface IRestoreManagerGrain : IGrainWithStringKey
{
    /// <summary>Admits a restore and starts it.</summary>
    /// <exception cref="BackupException">Conflict: a restore into this target is running.</exception>
    [Alias("Start")]
    Task<RunStatus> StartAsync(RestoreRequest request);

    /// <summary>The latest runs, oldest first.</summary>
    [Alias("Runs")]
    Task<IReadOnlyList<RunStatus>> RunsAsync();

    /// <summary>Says that a run of this target is going on: a manager whose memory was lost remembers it again.</summary>
    [Alias("Note"), AlwaysInterleave]
    Task NoteAsync(string runId);
}

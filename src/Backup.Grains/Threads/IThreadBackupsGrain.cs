using Backup.Contracts;

namespace Backup.Grains.Threads;

/// <summary>Backs single threads of a source up into an archive, many with one run. Key: <see cref="Abstractions.GrainKeys.Threads"/>.</summary>
[Alias("backup.IThreadBackupsGrain")]
internal interface IThreadBackupsGrain : IGrainWithStringKey
{
    /// <summary>Takes a thread into the next batch.</summary>
    [Alias("Ask")]
    Task<ThreadBackup> AskAsync(string thread);

    /// <summary>How that stands; returns when there is more to say, or after a second or two.</summary>
    /// <exception cref="BackupException">What the batch failed with.</exception>
    [Alias("Await")]
    Task<ThreadBackup> AwaitAsync(string thread, ThreadBackup asked);
}

using Backup.Contracts;
using Orleans.Concurrency;

namespace Backup.Abstractions;

/// <summary>One run, whatever it does.</summary>
[Alias("backup.IRunGrain")]
public interface IRunGrain : IGrainWithStringKey
{
    /// <summary>Where the run stands.</summary>
    /// <exception cref="BackupException">NotFound: there is no such run.</exception>
    [Alias("Status"), AlwaysInterleave]
    Task<RunStatus> StatusAsync();

    /// <summary>The statuses newer than a version, as they come; ends with the last. <see cref="RunWatcher"/> reconnects when a silo is lost.</summary>
    [Alias("Watch")]
    IAsyncEnumerable<RunStatus> WatchAsync(long fromVersion);

    /// <summary>Asks the run to stop; a finished run stays as it is.</summary>
    [Alias("Cancel")]
    Task<RunStatus> CancelAsync();
}

/// <summary>The coordinator of one backup. Key: <see cref="GrainKeys.Run"/>.</summary>
[Alias("backup.IBackupRunGrain")]
public interface IBackupRunGrain : IRunGrain
{
    /// <summary>Starts the run; starting it again changes nothing.</summary>
    [Alias("Start")]
    Task<RunStatus> StartAsync(BackupRequest request);
}

/// <summary>The coordinator of one restore. Key: <see cref="GrainKeys.Run"/>.</summary>
[Alias("backup.IRestoreRunGrain")]
public interface IRestoreRunGrain : IRunGrain
{
    /// <summary>Starts the run; starting it again changes nothing.</summary>
    [Alias("Start")]
    Task<RunStatus> StartAsync(RestoreRequest request);
}

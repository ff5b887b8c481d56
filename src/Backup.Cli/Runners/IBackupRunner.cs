using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>
/// What the commands ask for, done by the engine in this process or by a cluster. Whatever fails for a reason a user can act on
/// throws <see cref="BackupException"/>. A cancelled call throws <see cref="OperationCanceledException"/>, or a
/// <see cref="BackupException"/> of kind Interrupted where there is more to say (a run that goes on in the cluster).
/// Wherever a backup or a run is named, the unique beginning of its id will do.
/// </summary>
internal interface IBackupRunner : IAsyncDisposable
{
    /// <summary>Makes an archive, and its key file when that is not there.</summary>
    Task<ArchiveInitReport> InitArchiveAsync(string archive, CancellationToken cancellation);

    /// <summary>Opens an archive and takes stock of it.</summary>
    Task<ArchiveCheckReport> CheckArchiveAsync(string archive, CancellationToken cancellation);

    /// <summary>Makes another key or passphrase open an archive.</summary>
    Task<ArchiveRewrapReport> RewrapArchiveAsync(RewrapRequest request, CancellationToken cancellation) => throw new BackupException(ErrorKind.Usage,
        "a cluster does not change what opens its archives", "Run 'backup archive rewrap' where the archive's storage can be reached, with Backup:Cluster left out; then configure the new key for the silos.");

    /// <summary>Collects what nobody reads in an archive.</summary>
    Task<CollectReport> CollectAsync(CollectRequest request, CancellationToken cancellation);

    /// <summary>Takes a backup. Returns the finished run with its summary; with <paramref name="detach"/> the admitted run.</summary>
    Task<RunStatus> CreateAsync(BackupRequest request, bool detach, IProgress<RunStatus> progress, CancellationToken cancellation);

    /// <summary>Records that backups of several sources were made together.</summary>
    Task<CutVector> SealVectorAsync(CutVectorRequest request, CancellationToken cancellation);

    /// <summary>The cut vectors of an archive, oldest first.</summary>
    Task<IReadOnlyList<CutVector>> VectorsAsync(string archive, CancellationToken cancellation);

    /// <summary>Compacts what an archive holds of a source.</summary>
    Task<CompactReport> CompactAsync(CompactRequest request, IProgress<RunStatus> progress, CancellationToken cancellation);

    /// <summary>The sealed backups, oldest first; of one source when it is given.</summary>
    Task<IReadOnlyList<BackupSummary>> ListAsync(string archive, string? source, CancellationToken cancellation);

    /// <summary>One backup.</summary>
    Task<BackupSummary> ShowAsync(string archive, string backup, CancellationToken cancellation);

    /// <summary>Checks an archive. Damage and differences are in the report, not thrown.</summary>
    Task<VerifyReport> VerifyAsync(VerifyRequest request, IProgress<RunStatus> progress, CancellationToken cancellation);

    /// <summary>What a restore would do.</summary>
    Task<RestorePlan> PlanAsync(RestoreRequest request, CancellationToken cancellation);

    /// <summary>Restores.</summary>
    Task<RestoreReport> RestoreAsync(RestoreRequest request, IProgress<RunStatus> progress, CancellationToken cancellation);

    /// <summary>The threads of the source's latest backup.</summary>
    IAsyncEnumerable<ThreadView> ListThreadsAsync(string archive, string source, CancellationToken cancellation);

    /// <summary>What of a thread is captured, what is pending, and which backups of the source hold it.</summary>
    Task<ThreadDelta> ShowThreadAsync(string archive, string source, string thread, CancellationToken cancellation);

    /// <summary>Has a thread backed up as it is now, and waits for it.</summary>
    Task<ThreadCapture> BackUpThreadAsync(string archive, string source, string thread, IProgress<RunStatus> progress, CancellationToken cancellation);

    /// <summary>Every checkpoint of a thread that a backup of the source holds, by namespace, newest first. NotFound when none holds the thread.</summary>
    Task<IReadOnlyList<CheckpointView>> HistoryAsync(string archive, string source, string thread, CancellationToken cancellation);

    /// <summary>The state of a thread at a point.</summary>
    Task<StateView> ThreadStateAsync(ThreadStateRequest request, CancellationToken cancellation);

    /// <summary>What changed in a thread between two points.</summary>
    Task<ThreadDifference> ThreadDifferenceAsync(ThreadDifferenceRequest request, CancellationToken cancellation);

    /// <summary>How the change log of a source stands; without an archive, in the one it goes to. NotFound when there is none and none is enabled.</summary>
    Task<LogStatus> LogStatusAsync(string? archive, string source, CancellationToken cancellation);

    /// <summary>The runs that are known, oldest first.</summary>
    Task<IReadOnlyList<RunStatus>> ListRunsAsync(CancellationToken cancellation);

    /// <summary>One run.</summary>
    Task<RunStatus> ShowRunAsync(string run, CancellationToken cancellation);

    /// <summary>Every status of a run from now on; ends with its last.</summary>
    IAsyncEnumerable<RunStatus> WatchRunAsync(string run, CancellationToken cancellation);

    /// <summary>Asks a run to stop. Returns its status as it is then; a finished run stays as it is.</summary>
    Task<RunStatus> CancelRunAsync(string run, CancellationToken cancellation);
}

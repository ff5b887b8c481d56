using Backup.Contracts;
using Orleans.Concurrency;

namespace Backup.Abstractions;

/// <summary>Answers what can be asked of one archive. Key: <see cref="GrainKeys.Archive"/>.</summary>
[Alias("backup.IBackupCatalogGrain")]
public interface IBackupCatalogGrain : IGrainWithStringKey
{
    /// <summary>Makes the archive.</summary>
    [Alias("Init")]
    Task<ArchiveInitReport> InitAsync();

    /// <summary>Takes stock of the archive.</summary>
    [Alias("Check"), ResponseTimeout("00:10:00")]
    Task<ArchiveCheckReport> CheckAsync();

    /// <summary>Collects what nobody reads.</summary>
    [Alias("Collect"), ResponseTimeout("01:00:00")]
    Task<CollectReport> CollectAsync(CollectRequest request);

    /// <summary>Compacts what the archive holds of a source; the last status has the report. It stops when nobody listens any more.</summary>
    [Alias("Compact")]
    IAsyncEnumerable<RunStatus> CompactAsync(CompactRequest request);

    /// <summary>Has a source's chain, which has grown long, compacted in the background. Says nothing of how that ends: the silo's log does.</summary>
    [Alias("Upkeep"), OneWay]
    Task UpkeepAsync(string source);

    /// <summary>The backups, oldest first; of one source when it is given.</summary>
    [Alias("List"), ResponseTimeout("00:10:00")]
    Task<IReadOnlyList<BackupSummary>> ListAsync(string? source);

    /// <summary>One backup by its id or the unique beginning of it.</summary>
    [Alias("Show")]
    Task<BackupSummary> ShowAsync(string backup);

    /// <summary>Records that backups of several sources were made together.</summary>
    [Alias("SealVector")]
    Task<CutVector> SealVectorAsync(CutVectorRequest request);

    /// <summary>The cut vectors, oldest first.</summary>
    [Alias("Vectors")]
    Task<IReadOnlyList<CutVector>> VectorsAsync();

    /// <summary>Checks the archive; the last update has the report.</summary>
    [Alias("Verify")]
    IAsyncEnumerable<VerifyUpdate> VerifyAsync(VerifyRequest request);

    /// <summary>What a restore would do.</summary>
    [Alias("Plan"), ResponseTimeout("01:00:00")]
    Task<RestorePlan> PlanAsync(RestoreRequest request);

    /// <summary>The threads of a source's latest backup.</summary>
    [Alias("Threads")]
    IAsyncEnumerable<ThreadView> ThreadsAsync(string source);

    /// <summary>Every checkpoint of a thread that a backup of a source holds, by namespace, newest first.</summary>
    [Alias("History"), ResponseTimeout("00:10:00")]
    Task<IReadOnlyList<CheckpointView>> HistoryAsync(string source, string thread);

    /// <summary>The state of a thread at a point.</summary>
    [Alias("ThreadState"), ResponseTimeout("00:10:00")]
    Task<StateView> ThreadStateAsync(ThreadStateRequest request);

    /// <summary>What changed in a thread between two points.</summary>
    [Alias("ThreadDifference"), ResponseTimeout("00:10:00")]
    Task<ThreadDifference> ThreadDifferenceAsync(ThreadDifferenceRequest request);

    /// <summary>What the archive says of a source's change log.</summary>
    [Alias("Log"), ResponseTimeout("00:10:00")]
    Task<LogStatus> LogAsync(string source);
}

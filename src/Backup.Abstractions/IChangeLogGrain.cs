using Backup.Contracts;
using Orleans.Concurrency;

namespace Backup.Abstractions;

/// <summary>Keeps the change log of one source. Key: <see cref="GrainKeys.Source"/>.</summary>
[Alias("backup.IChangeLogGrain")]
public interface IChangeLogGrain : IGrainWithStringKey
{
    /// <summary>Makes sure that the log is kept, where it is enabled. Every silo asks each second.</summary>
    [Alias("Ensure")]
    Task EnsureAsync();

    /// <summary>How the owner stands. What can be recovered is the archive's to say: <see cref="IBackupCatalogGrain.LogAsync"/>.</summary>
    [Alias("Status"), AlwaysInterleave]
    Task<LogStatus> StatusAsync();

    /// <summary>Says that somebody waits for a position to be covered, and how the owner stands.</summary>
    /// <param name="position">As the source writes positions.</param>
    [Alias("Want"), AlwaysInterleave]
    Task<LogStatus> WantAsync(string position);
}

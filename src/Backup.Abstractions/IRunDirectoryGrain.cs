using Backup.Contracts;

namespace Backup.Abstractions;

/// <summary>Lists the runs of every source and target that is configured. Key: <see cref="GrainKeys.Single"/> of anything.</summary>
[Alias("backup.IRunDirectoryGrain")]
public interface IRunDirectoryGrain : IGrainWithStringKey
{
    /// <summary>The latest runs, oldest first.</summary>
    [Alias("List"), ResponseTimeout("00:02:00")]
    Task<IReadOnlyList<RunStatus>> ListAsync();
}

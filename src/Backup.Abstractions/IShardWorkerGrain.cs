using Backup.Contracts;

namespace Backup.Abstractions;

/// <summary>A slot of one silo that captures one shard at a time. Key: <see cref="GrainKeys.Slot"/>; it lives on the silo its key names.</summary>
[Alias("backup.IShardWorkerGrain")]
public interface IShardWorkerGrain : IGrainWithStringKey
{
    /// <summary>Starts a shard; starting the same one again changes nothing, a task of a newer epoch takes the slot over.</summary>
    /// <exception cref="BackupException">Conflict: the slot is busy, or this silo has another configuration.</exception>
    [Alias("Start")]
    Task<ShardStatus> StartAsync(ShardTask task);

    /// <summary>Where the slot stands. A slot that is not asked for a minute gives its shard up.</summary>
    [Alias("Poll")]
    Task<ShardStatus> PollAsync();

    /// <summary>Gives the shard up and lets go of the run's cut.</summary>
    [Alias("Release")]
    Task ReleaseAsync(string runId);
}

using Backup.Contracts;

namespace Backup.Abstractions;

/// <summary>A slot of one silo that captures one shard at a time. Key: <see cref="GrainKeys.Slot"/>; it lives on the silo its key names.</summary>
[Alias("backup.IShardWorkerGrain")]
public interface IShardWorkerGrain : IGrainWithStringKey
{
    /// <summary>Has the slot's silo hold the cut, as long as it is asked again within three minutes.</summary>
    /// <exception cref="BackupException">Conflict: this silo has another configuration, or an older owner asks.</exception>
    [Alias("Hold")]
    Task<CutHeld> HoldAsync(RunCut cut);

    /// <summary>Starts a shard, or goes on with it when it is the one at work. A slot that works for another run says so and does nothing.</summary>
    /// <exception cref="BackupException">Conflict: this silo has another configuration, or an older owner asks.</exception>
    [Alias("Start")]
    Task<ShardStatus> StartAsync(ShardTask task);

    /// <summary>Where the slot stands. A slot whose run does not ask for three minutes gives its shard up.</summary>
    [Alias("Poll")]
    Task<ShardStatus> PollAsync(string runId);

    /// <summary>Gives the run's shard up and lets go of its cut, unless a newer owner than <paramref name="epoch"/> works with them.</summary>
    [Alias("Release")]
    Task ReleaseAsync(string runId, int epoch);
}

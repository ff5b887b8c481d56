using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Grains.Placement;
using Backup.Grains.Runs;
using Orleans.Runtime;

namespace Backup.Grains.Workers;

/// <summary>A slot: captures one shard at a time, for the newest owner that asks.</summary>
[SlotPlacement]
internal sealed class ShardWorkerGrain(IArchives archives, KeptCuts cuts, ClusterBackup configuration, TimeProvider time) : Grain, IShardWorkerGrain
{
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(1);
    private ShardExecution? current;
    private IGrainTimer? watch;
    private long asked;

    public async Task<ShardStatus> StartAsync(ShardTask task)
    {
        asked = time.GetTimestamp();
        if (current is { } running && running.Task.RunId == task.RunId && running.Task.Shard == task.Shard && running.Task.Epoch == task.Epoch && !running.Status.Ended)
            return running.Status;
        if (configuration.Fingerprint(new() { Source = task.Source, Archive = task.Archive }) != task.Configuration)
            throw new BackupException(ErrorKind.Conflict, $"silo {this.RuntimeIdentity} is configured for another '{task.Source}' or '{task.Archive}' than the coordinator",
                "Give all silos the same Backup:Sources and Backup:Archives, then run the backup again.");
        await StopAsync();
        current = new(task, archives, cuts, time);
        watch = this.RegisterGrainTimer(GiveUpWhenForgottenAsync, new GrainTimerCreationOptions(GiveUpAfter / 4, GiveUpAfter / 4) { KeepAlive = true });
        return current.Status;
    }

    public Task<ShardStatus> PollAsync()
    {
        asked = time.GetTimestamp();
        return Task.FromResult(current?.Status ?? new ShardStatus());
    }

    public async Task ReleaseAsync(string runId)
    {
        if (current?.Task.RunId == runId) await StopAsync();
        await cuts.ReleaseAsync(runId);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => StopAsync();

    private async Task GiveUpWhenForgottenAsync(CancellationToken cancellation)
    {
        if (current is null || time.GetElapsedTime(asked) < GiveUpAfter) return;
        var run = current.Task.RunId;
        await StopAsync();
        // The source's snapshot is held no longer than somebody works for the run.
        await cuts.ReleaseAsync(run);
    }

    private async Task StopAsync()
    {
        watch?.Dispose();
        watch = null;
        if (current is not null) await current.DisposeAsync();
        current = null;
    }
}

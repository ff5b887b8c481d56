using Backup.Abstractions;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Stores;
using Backup.Grains.Placement;
using Backup.Grains.Runs;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Workers;

/// <summary>A slot: captures one shard at a time, for the newest owner that asks.</summary>
[SlotPlacement]
internal sealed class ShardWorkerGrain(
    IArchives archives, KeptCuts cuts, RunConfiguration configuration, WorkerOptions options, WorkerInstruments instruments, ILocalSiloDetails silo, TimeProvider time, ILogger<ShardWorkerGrain> logger)
    : Grain, IShardWorkerGrain
{
    private ShardExecution? current;
    private IGrainTimer? watch;
    private int epoch;
    private long asked;

    public async Task<CutHeld> HoldAsync(RunCut cut)
    {
        configuration.Ensure(cut, silo.Name);
        try
        {
            return new() { Token = (await cuts.JoinAsync(cut, default)).Cut.Description.Token, Slots = options.SlotsPerSilo };
        }
        catch (CutLostException)
        {
            return new() { Slots = options.SlotsPerSilo };
        }
    }

    public async Task<ShardStatus> StartAsync(ShardTask task)
    {
        configuration.Ensure(task.Cut, silo.Name);
        if (current is { } running && !running.Status.Ended)
        {
            if (running.Task.Cut.RunId != task.Cut.RunId) return running.Status;
            if (task.Cut.Epoch < epoch) throw new OwnershipLostException($"run {task.Cut.RunId} has a newer owner");
            if (running.Is(task))
            {
                (epoch, asked) = (task.Cut.Epoch, time.GetTimestamp());
                return running.Status;
            }
        }
        await StopAsync();
        (epoch, asked) = (task.Cut.Epoch, time.GetTimestamp());
        current = new(task, archives, cuts, instruments, time, logger);
        watch = this.RegisterGrainTimer(GiveUpWhenForgottenAsync, new GrainTimerCreationOptions(KeptCuts.LetGoAfter / 6, KeptCuts.LetGoAfter / 6) { KeepAlive = true });
        return current.Status;
    }

    public Task<ShardStatus> PollAsync(string runId)
    {
        if (current?.Task.Cut.RunId == runId) asked = time.GetTimestamp();
        return Task.FromResult(current?.Status ?? new ShardStatus());
    }

    public async Task ReleaseAsync(string runId, int epoch)
    {
        if (current?.Task.Cut.RunId == runId && this.epoch <= epoch) await StopAsync();
        await cuts.ReleaseAsync(runId, epoch);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => StopAsync();

    private async Task GiveUpWhenForgottenAsync(CancellationToken cancellation)
    {
        if (current is null || time.GetElapsedTime(asked) < KeptCuts.LetGoAfter) return;
        if (!current.Status.Ended) WorkerLog.Forgotten(logger, current.Task.Cut.RunId, current.Task.Shard);
        await StopAsync();
    }

    private async Task StopAsync()
    {
        watch?.Dispose();
        watch = null;
        if (current is not null) await current.DisposeAsync();
        current = null;
    }
}

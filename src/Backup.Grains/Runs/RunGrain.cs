using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Progress;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Storage;

namespace Backup.Grains.Runs;

/// <summary>
/// Owns a run: starts it in a task of its own, writes its status when it changes or every five seconds, and takes it up again
/// wherever the grain comes back while the run is not finished. A reminder sees to it that it does come back.
/// </summary>
/// <typeparam name="TRequest">What was asked for.</typeparam>
public abstract class RunGrain<TRequest>(IPersistentState<RunRecord<TRequest>> state, TimeProvider time, ILogger logger) : Grain, IRunGrain, IRemindable
    where TRequest : class
{
    private const string Reminder = "resume";
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private CancellationTokenSource? stopping;
    private RunProgress? progress;
    private Task? work;
    private IGrainTimer? timer;
    private CutRecord? cut;
    private long written;

    /// <summary>Does the work; ends <paramref name="progress"/> with success or throws.</summary>
    protected abstract Task ExecuteAsync(TRequest request, RunProgress progress, CutRecord? before, Action<CutRecord> save, CancellationToken cancellation);

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (state.State.Status is not { IsFinished: false } status) return;
        if (status.State == RunState.Cancelling) await FinishAsync(status with { State = RunState.Cancelled, Version = status.Version + 1 });
        else Launch();
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // The run goes on where the grain comes back; what this task would say of its end is not written.
        timer?.Dispose();
        timer = null;
        if (stopping is not null) await stopping.CancelAsync();
        if (work is not null) await work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <inheritdoc/>
    public Task<RunStatus> StatusAsync() => Task.FromResult(Current);

    /// <inheritdoc/>
    public async IAsyncEnumerable<RunStatus> WatchAsync(long fromVersion)
    {
        RunStatus? told = null;
        while (true)
        {
            var now = Current;
            if (now.Version > fromVersion && (told is null || now.Version != told.Version || now.RawBytes != told.RawBytes || now.Threads != told.Threads))
            {
                told = now;
                yield return now;
            }
            if (now.IsFinished) yield break;
            await Task.Delay(LookEvery, time);
        }
    }

    /// <inheritdoc/>
    public async Task<RunStatus> CancelAsync()
    {
        if (Current.IsFinished) return Current;
        progress?.Enter(RunState.Cancelling);
        await WriteAsync();
        if (stopping is not null) await stopping.CancelAsync();
        return Current;
    }

    /// <inheritdoc/>
    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (state.State.Status is { IsFinished: false }) Launch();
        else await ForgetReminderAsync();
    }

    /// <summary>Admits the run.</summary>
    protected async Task<RunStatus> BeginAsync(TRequest request, RunKind kind, string store, string archive)
    {
        if (state.State.Status is { } known) return known;
        var now = time.GetUtcNow();
        state.State.Request = request;
        state.State.Status = new()
        {
            RunId = GrainKeys.Names(this.GetPrimaryKeyString())[0], Kind = kind, Store = store, Archive = archive, Started = now, Updated = now, Advanced = now,
        };
        await this.RegisterOrUpdateReminder(Reminder, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        await state.WriteStateAsync();
        Launch();
        return Current;
    }

    private RunStatus Current => progress?.Snapshot() ?? state.State.Status
        ?? throw new BackupException(ErrorKind.NotFound, $"there is no run {GrainKeys.Names(this.GetPrimaryKeyString())[0]}", "'backup run list' shows the runs there are.");

    private void Launch()
    {
        if (work is not null) return;
        stopping = new();
        var first = state.State.Status!;
        progress = new(first with { Epoch = first.Epoch + 1, Version = first.Version + 1, Threads = 0, RawBytes = 0, StoredBytes = 0, ShardsDone = 0 }, time);
        cut = state.State.Cut;
        var (request, running, before, token) = (state.State.Request!, progress, state.State.Cut, stopping.Token);
        RunLog.Started(logger, running.Run.Value, first.Epoch + 1);
        work = Task.Run(async () =>
        {
            try
            {
                await ExecuteAsync(request, running, before, made => cut = made, token);
            }
            catch (Exception error)
            {
                RunLog.Failed(logger, error, running.Run.Value);
                if (!running.Snapshot().IsFinished) running.Fail(error);
            }
        }, CancellationToken.None);
        timer = this.RegisterGrainTimer(LookAfterAsync, new GrainTimerCreationOptions(Tick, Tick) { KeepAlive = true, Interleave = true });
    }

    private async Task LookAfterAsync(CancellationToken cancellation)
    {
        if (progress is null || timer is null) return;
        var ended = work!.IsCompleted;
        var now = progress.Snapshot();
        if (!ended && now.State == state.State.Status!.State && state.State.Cut == cut && time.GetElapsedTime(written) < WriteEvery) return;
        if (!ended)
        {
            await WriteAsync();
            return;
        }
        timer.Dispose();
        timer = null;
        await FinishAsync(now);
    }

    private async Task FinishAsync(RunStatus last)
    {
        state.State.Status = last;
        state.State.Cut = null;
        await state.WriteStateAsync();
        await ForgetReminderAsync();
    }

    private async Task WriteAsync()
    {
        written = time.GetTimestamp();
        state.State.Status = Current;
        state.State.Cut = cut;
        try
        {
            await state.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            // Another activation owns the run: this one must not go on.
            if (stopping is not null) await stopping.CancelAsync();
            DeactivateOnIdle();
        }
    }

    private async Task ForgetReminderAsync()
    {
        if (await this.GetReminder(Reminder) is { } reminder) await this.UnregisterReminder(reminder);
    }
}

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
internal abstract class RunGrain<TRequest>(IPersistentState<RunRecord<TRequest>> state, RunConfiguration configuration, RunInstruments instruments, ILocalSiloDetails silo, TimeProvider time, ILogger logger)
    : Grain, IRunGrain, IRemindable
    where TRequest : class
{
    private const string Reminder = "resume";
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource stopping = new();
    private RunProgress? progress;
    private Task work = Task.CompletedTask;
    private IGrainTimer? timer;
    private volatile CutRecord? cut;
    private volatile bool leaving;
    private long written;

    /// <summary>Does the work; ends <paramref name="progress"/> with success or throws.</summary>
    protected abstract Task ExecuteAsync(RunRecord<TRequest> run, RunProgress progress, Action<CutRecord> save, CancellationToken cancellation);

    /// <summary>Reminds the manager of the run.</summary>
    protected abstract Task NoteAsync(TRequest request, string id);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (state.State.Status is not { IsFinished: false } status) return;
        if (status.State == RunState.Cancelling) await FinishAsync(status with { State = RunState.Cancelled, Error = "cancelled", ErrorKind = ErrorKind.Interrupted, Version = status.Version + 1 });
        else await LaunchAsync(status);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // The run goes on where the grain comes back; what this task would say of its end is not written.
        leaving = true;
        timer?.Dispose();
        await stopping.CancelAsync();
        await work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public Task<RunStatus> StatusAsync() => Task.FromResult(Current);

    public async IAsyncEnumerable<RunStatus> WatchAsync(long fromVersion)
    {
        while (!leaving)
        {
            var now = Current;
            if (now.Version > fromVersion)
            {
                fromVersion = now.Version;
                yield return now;
            }
            if (now.IsFinished) yield break;
            await Task.Delay(LookEvery, time);
        }
    }

    public async Task<RunStatus> CancelAsync()
    {
        if (progress is null || Current.IsFinished) return Current;
        progress.Enter(RunState.Cancelling);
        try
        {
            await WriteAsync();
        }
        finally
        {
            // It says already that it is cancelling.
            await stopping.CancelAsync();
        }
        return Current;
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        // Being called is what brings the run back.
        if (state.State.Status is { IsFinished: false } running) await NoteAsync(state.State.Request!, running.RunId);
        else await ForgetReminderAsync();
    }

    /// <summary>Admits the run.</summary>
    protected async Task<RunStatus> BeginAsync(TRequest request, RunKind kind, string store, string archive)
    {
        if (state.State.Status is not null) return Current;
        var now = time.GetUtcNow();
        await this.RegisterOrUpdateReminder(Reminder, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        state.State.Request = request;
        state.State.Configuration = configuration.Fingerprint(store, archive);
        try
        {
            await LaunchAsync(new() { RunId = Id, Kind = kind, Store = store, Archive = archive, Started = now, Updated = now, Advanced = now });
        }
        catch
        {
            // What could not be written is not so, though this activation has it in memory: the next call reads what is there.
            DeactivateOnIdle();
            throw;
        }
        return Current;
    }

    private string Id => GrainKeys.Names(this.GetPrimaryKeyString())[0];

    // An owner that leaves knows how its own work ended, not how the run does.
    private RunStatus Current => (leaving ? null : progress?.Snapshot()) ?? state.State.Status
        ?? throw new BackupException(ErrorKind.NotFound, $"there is no run {Id}", "'backup run list' shows the runs there are.");

    private async Task LaunchAsync(RunStatus before)
    {
        var epoch = before.Epoch + 1;
        // Versions of a later owner are larger than all that a watcher may have seen of the one before.
        state.State.Status = before with { Epoch = epoch, Owner = silo.Name, Version = (long)epoch << 32, State = RunState.Planned };
        await state.WriteStateAsync();
        written = time.GetTimestamp();
        progress = new(state.State.Status, time);
        cut = state.State.Cut;
        RunLog.Started(logger, Id, epoch);
        instruments.Began(state.State.Status);
        var (run, record) = (progress, state.State);
        var pinned = new RunRecord<TRequest> { Request = record.Request, Configuration = record.Configuration, Status = record.Status, Cut = record.Cut };
        work = Task.Run(() => WorkAsync(pinned, run), CancellationToken.None);
        timer = this.RegisterGrainTimer(LookAfterAsync, new GrainTimerCreationOptions(Tick, Tick) { KeepAlive = true });
    }

    private async Task WorkAsync(RunRecord<TRequest> run, RunProgress running)
    {
        try
        {
            configuration.Ensure(run.Configuration, run.Status!.Store, run.Status.Archive, silo.Name);
            await ExecuteAsync(run, running, made => cut = made, stopping.Token);
        }
        catch (OwnershipLostException error)
        {
            RunLog.Left(logger, run.Status!.RunId, error.Message);
            leaving = true;
        }
        catch (Exception) when (leaving)
        {
            // Its end here is not the run's.
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            running.Fail(new OperationCanceledException());
        }
        catch (Exception error)
        {
            RunLog.Failed(logger, error, run.Status!.RunId);
            running.Fail(error is OperationCanceledException ? new TimeoutException(error.Message, error) : error);
        }
        finally
        {
            instruments.Left(run.Status!);
        }
    }

    private async Task LookAfterAsync(CancellationToken cancellation)
    {
        var ended = work.IsCompleted;
        if (leaving)
        {
            timer?.Dispose();
            DeactivateOnIdle();
            return;
        }
        var now = progress!.Snapshot();
        if (!ended && now.State == state.State.Status!.State && state.State.Cut == cut && time.GetElapsedTime(written) < WriteEvery) return;
        try
        {
            if (ended) await FinishAsync(now);
            else await WriteAsync();
        }
        catch (Exception error) when (error is not InconsistentStateException)
        {
            RunLog.NotWritten(logger, Id, error.Message);
            return;
        }
        if (ended) timer?.Dispose();
    }

    private async Task FinishAsync(RunStatus last)
    {
        var before = state.State.Status;
        state.State.Status = last;
        state.State.Cut = null;
        try
        {
            await WriteOwnedAsync();
        }
        catch
        {
            // Not ended before it is written: until then the reminder must stay, for another silo to find out.
            state.State.Status = before;
            throw;
        }
        await ForgetReminderAsync();
        RunLog.Ended(logger, last.RunId, last.State);
        instruments.Ended(last);
    }

    private async Task WriteAsync()
    {
        written = time.GetTimestamp();
        state.State.Status = Current;
        state.State.Cut = cut;
        await WriteOwnedAsync();
    }

    private async Task WriteOwnedAsync()
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch (InconsistentStateException error)
        {
            // Another activation owns the run: this one must not go on.
            RunLog.Left(logger, Id, error.Message);
            leaving = true;
            await stopping.CancelAsync();
            DeactivateOnIdle();
        }
    }

    private async Task ForgetReminderAsync()
    {
        if (await this.GetReminder(Reminder) is { } reminder) await this.UnregisterReminder(reminder);
    }
}

using Backup.Contracts;

namespace Backup.Engine.Progress;

/// <summary>Where a run stands: counters that workers add to, and the status made of them. Safe for concurrent use.</summary>
public sealed class RunProgress
{
    private readonly TimeProvider time;
    private readonly Action<RunStatus>? changed;
    private readonly Lock gate = new();
    private RunStatus status;
    private long threads, raw, stored;
    private int shardsDone;
    private long advanced;

    /// <summary>Starts in <see cref="RunState.Planned"/>.</summary>
    /// <param name="initial">The run as admitted.</param>
    /// <param name="time">The clock.</param>
    /// <param name="changed">Called at every change of state.</param>
    public RunProgress(RunStatus initial, TimeProvider time, Action<RunStatus>? changed = null)
    {
        status = initial;
        this.time = time;
        this.changed = changed;
        advanced = time.GetTimestamp();
    }

    /// <summary>The run.</summary>
    public RunId Run => new(status.RunId);

    /// <summary>The status now.</summary>
    public RunStatus Snapshot()
    {
        lock (gate)
        {
            return status with
            {
                Updated = time.GetUtcNow(), Advanced = time.GetUtcNow() - time.GetElapsedTime(Interlocked.Read(ref advanced)),
                Threads = Interlocked.Read(ref threads), RawBytes = Interlocked.Read(ref raw), StoredBytes = Interlocked.Read(ref stored),
                ShardsDone = Volatile.Read(ref shardsDone),
            };
        }
    }

    /// <summary>Enters a state.</summary>
    public void Enter(RunState state) => Change(s => s with { State = state });

    /// <summary>Says how much there is to do.</summary>
    public void Expect(int shards, long threadsExpected) => Change(s => s with { Shards = shards, ThreadsExpected = threadsExpected });

    /// <summary>Ends with success.</summary>
    public void Finish(BackupSummary? backup, RestoreReport? restore) =>
        Change(s => s with { State = RunState.Done, Backup = backup, Restore = restore });

    /// <summary>Ends with an error, or cancelled when that is what the error is.</summary>
    public void Fail(Exception error) => Change(s => s with
    {
        State = error is OperationCanceledException ? RunState.Cancelled : RunState.Failed,
        Error = error is OperationCanceledException ? "cancelled" : error.Message,
        ErrorKind = error is BackupException known ? known.Kind : error is OperationCanceledException ? Contracts.ErrorKind.Interrupted : Contracts.ErrorKind.Failed,
        Hint = (error as BackupException)?.Hint,
    });

    /// <summary>A unit was moved.</summary>
    public void Unit(bool isThread, long rawBytes)
    {
        if (isThread) Interlocked.Increment(ref threads);
        Bytes(rawBytes, 0);
    }

    /// <summary>Bytes were moved.</summary>
    public void Bytes(long rawBytes, long storedBytes)
    {
        Interlocked.Add(ref raw, rawBytes);
        Interlocked.Add(ref stored, storedBytes);
        Interlocked.Exchange(ref advanced, time.GetTimestamp());
    }

    /// <summary>A shard is done.</summary>
    public void ShardDone() => Interlocked.Increment(ref shardsDone);

    private void Change(Func<RunStatus, RunStatus> change)
    {
        RunStatus now;
        lock (gate) status = change(status) with { Version = status.Version + 1 };
        now = Snapshot();
        changed?.Invoke(now);
    }
}

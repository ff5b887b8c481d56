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
    private (long Threads, long Raw, long Stored, int Shards) told;
    private int shardsDone;
    private long advanced;
    private DateTimeOffset? ended;

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

    /// <summary>The status now; of a run that ended, as of its end.</summary>
    public RunStatus Snapshot()
    {
        lock (gate)
        {
            var now = (Interlocked.Read(ref threads), Interlocked.Read(ref raw), Interlocked.Read(ref stored), Volatile.Read(ref shardsDone));
            if (now != told) status = status with { Version = status.Version + 1 };
            told = now;
            return status with
            {
                Updated = ended ?? time.GetUtcNow(), Advanced = ended ?? time.GetUtcNow() - time.GetElapsedTime(Interlocked.Read(ref advanced)),
                Threads = now.Item1, RawBytes = now.Item2, StoredBytes = now.Item3, ShardsDone = now.Item4,
            };
        }
    }

    /// <summary>Enters a state. A run that was asked to stop enters none but its last.</summary>
    public void Enter(RunState state) => Change(s => s.State == RunState.Cancelling || s.IsFinished ? s : s with { State = state });

    /// <summary>Says how much there is to do.</summary>
    public void Expect(int shards, long threadsExpected) => Change(s => s with { Shards = shards, ThreadsExpected = threadsExpected });

    /// <summary>Says how much there is to do from the beginning: what was counted before does not count.</summary>
    public void Restart(int shards, long threadsExpected)
    {
        Interlocked.Exchange(ref threads, 0);
        Interlocked.Exchange(ref raw, 0);
        Interlocked.Exchange(ref stored, 0);
        Interlocked.Exchange(ref shardsDone, 0);
        Expect(shards, threadsExpected);
    }

    /// <summary>Ends with success.</summary>
    public void Finish(BackupSummary? backup, RestoreReport? restore, CompactReport? compaction = null) =>
        Change(s => s with { State = RunState.Done, Backup = backup, Restore = restore, Compaction = compaction });

    /// <summary>Ends with an error, or cancelled when that is what the error is. A run that another owner took over does not end here.</summary>
    public void Fail(Exception error) => Change(s => s.IsFinished || error is OwnershipLostException ? s : s with
    {
        State = error is OperationCanceledException ? RunState.Cancelled : RunState.Failed,
        Error = error is OperationCanceledException ? "cancelled" : error.Message,
        ErrorKind = error is BackupException known ? known.Kind : error is OperationCanceledException ? Contracts.ErrorKind.Interrupted : Contracts.ErrorKind.Failed,
        Hint = (error as BackupException)?.Hint,
        Damage = error is DamageException damage ? new(damage.ObjectName, damage.Offset, damage.Problem) : null,
    });

    /// <summary>A unit was moved.</summary>
    public void Unit(bool isThread, long rawBytes)
    {
        if (isThread) Interlocked.Increment(ref threads);
        Bytes(rawBytes, 0);
    }

    /// <summary>Bytes were moved.</summary>
    public void Bytes(long rawBytes, long storedBytes) => Moved(0, rawBytes, storedBytes);

    /// <summary>Threads and bytes were moved elsewhere; less than nothing when that did not count.</summary>
    public void Moved(long threadCount, long rawBytes, long storedBytes)
    {
        if (threadCount == 0 && rawBytes == 0 && storedBytes == 0) return;
        Interlocked.Add(ref threads, threadCount);
        Interlocked.Add(ref raw, rawBytes);
        Interlocked.Add(ref stored, storedBytes);
        Interlocked.Exchange(ref advanced, time.GetTimestamp());
    }

    /// <summary>A shard is done.</summary>
    public void ShardDone() => Interlocked.Increment(ref shardsDone);

    private void Change(Func<RunStatus, RunStatus> change)
    {
        RunStatus now;
        lock (gate)
        {
            status = change(status) with { Version = status.Version + 1 };
            if (status.IsFinished) ended ??= time.GetUtcNow();
        }
        Interlocked.Exchange(ref advanced, time.GetTimestamp());
        now = Snapshot();
        changed?.Invoke(now);
    }
}

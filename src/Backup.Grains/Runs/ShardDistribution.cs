using System.Collections.Concurrent;
using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Grains.Workers;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Runs;

/// <summary>
/// Gives shards to slots and looks after them: every slot of every silo takes the next shard when it has none; a shard whose slot
/// does not answer goes to another.
/// </summary>
internal sealed class ShardDistribution(Slots slots, RunProgress progress, TimeProvider time, ILogger logger)
{
    private const int MaxAttempts = 5;
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookForSlotsEvery = TimeSpan.FromSeconds(1);
    private readonly ConcurrentQueue<ShardTask> waiting = new();
    private readonly ConcurrentDictionary<int, int> attempts = new();
    private readonly ConcurrentBag<string> results = [];
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left;

    /// <summary>Runs the tasks and returns the names of their results.</summary>
    public async Task<IReadOnlyCollection<string>> RunAsync(IEnumerable<ShardTask> tasks, bool onlyLocal, Action<string> cutToken, CancellationToken cancellation)
    {
        foreach (var task in tasks) waiting.Enqueue(task);
        left = waiting.Count;
        if (left == 0) return results;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var cancelled = cancellation.Register(() => finished.TrySetCanceled(cancellation));
        var working = new Dictionary<string, Task>();
        try
        {
            while (!finished.Task.IsCompleted)
            {
                foreach (var slot in await slots.ListAsync(onlyLocal))
                    if (!working.TryGetValue(slot, out var known) || known.IsCompleted) working[slot] = WorkAsync(slot, cutToken, stop.Token);
                await Task.WhenAny(finished.Task, Task.Delay(LookForSlotsEvery, time, cancellation));
            }
            await finished.Task;
            return results;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(working.Values);
        }
    }

    // One slot: takes shards until there are none, or until it fails.
    private async Task WorkAsync(string slot, Action<string> cutToken, CancellationToken cancellation)
    {
        var worker = slots.Worker(slot);
        while (!cancellation.IsCancellationRequested && waiting.TryDequeue(out var task))
        {
            try
            {
                var ended = await FollowAsync(worker, task, cutToken, cancellation);
                if (ended.Result is { } name)
                {
                    results.Add(name);
                    progress.ShardDone();
                    if (Interlocked.Decrement(ref left) == 0) finished.TrySetResult();
                }
                else
                {
                    Retry(task, new BackupException(ended.ErrorKind, ended.Error ?? "the shard failed", ended.Hint), retry: ended.ErrorKind == ErrorKind.Unreachable && !ended.CutLost);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or SiloUnavailableException)
            {
                Retry(task, error, retry: true);
                return;
            }
            catch (Exception error)
            {
                finished.TrySetException(error);
                return;
            }
        }
    }

    private void Retry(ShardTask task, Exception error, bool retry)
    {
        if (!retry || attempts.AddOrUpdate(task.Shard, 1, (_, n) => n + 1) >= MaxAttempts)
        {
            finished.TrySetException(error);
            return;
        }
        RunLog.Requeued(logger, task.RunId, task.Shard, error.Message);
        waiting.Enqueue(task);
    }

    private async Task<ShardStatus> FollowAsync(IShardWorkerGrain worker, ShardTask task, Action<string> cutToken, CancellationToken cancellation)
    {
        ShardStatus told = new();
        var status = await worker.StartAsync(task);
        while (true)
        {
            if (status.RunId != task.RunId || status.Shard != task.Shard) throw new OrleansException("the slot was taken for something else");
            if (status.CutToken is { } token) cutToken(token);
            for (var i = told.Threads; i < status.Threads; i++) progress.Unit(true, 0);
            progress.Bytes(status.RawBytes - told.RawBytes, status.StoredBytes - told.StoredBytes);
            told = status;
            if (status.Ended) return status;
            await Task.Delay(PollEvery, time, cancellation);
            status = await worker.PollAsync();
        }
    }
}

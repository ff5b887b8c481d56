using System.Collections.Concurrent;
using Backup.Abstractions;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Grains.Workers;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Runs;

/// <summary>
/// Gives shards to slots and looks after them. Every silo that can work holds the cut first, and is asked again every ten seconds;
/// every slot of it takes the next shard when it has none; a shard whose slot does not answer goes to another.
/// </summary>
internal sealed class ShardDistribution(Slots slots, RunCut cut, IReadOnlyList<Shard> shards, RunProgress progress, RunInstruments instruments, TimeProvider time, ILogger logger)
{
    private const int MaxAttempts = 5;
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HoldEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AdoptWithin = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly ShardQueue queue = new(shards);
    private readonly ConcurrentDictionary<int, int> attempts = new();
    private readonly ConcurrentDictionary<int, string> results = new();
    private readonly ConcurrentDictionary<string, Member> members = new();
    private readonly ConcurrentDictionary<string, string> refused = new();
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RunCut cut = cut;

    /// <summary>The silos that refused to take part, and why.</summary>
    public IReadOnlyCollection<string> Refusals => [.. refused.Values];

    /// <summary>Runs the shards and returns the names of their results.</summary>
    /// <param name="held">Called with the handles of the cut when another silo holds it.</param>
    /// <param name="cancellation">Stops everything.</param>
    /// <exception cref="CutLostException">Nobody who could read what is left holds the cut any more.</exception>
    public async Task<IReadOnlyCollection<string>> RunAsync(Action<IReadOnlyList<string>> held, CancellationToken cancellation)
    {
        if (shards.Count == 0) return [];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var cancelled = cancellation.Register(() => finished.TrySetCanceled(cancellation));
        var tasks = new Dictionary<(string Silo, int Slot), Task>();
        try
        {
            // What an owner before this one gave out goes on where it is.
            if (cut.Epoch > 1) await Task.WhenAny(Task.WhenAll(slots.Silos().Where(Reads).Select(silo => AdoptAsync(silo, held))), Task.Delay(AdoptWithin, time, cancellation));
            while (!finished.Task.IsCompleted)
            {
                var silos = slots.Silos();
                EnsureReadable(silos);
                foreach (var gone in members.Keys.Except(silos)) Leave(gone);
                foreach (var silo in silos.Where(Reads))
                {
                    if (!members.TryGetValue(silo, out var member) || time.GetElapsedTime(member.Asked) >= HoldEvery)
                        Keep(tasks, (silo, -1), () => HoldAsync(silo, held));
                    for (var slot = 0; slot < member?.Slots; slot++)
                        Keep(tasks, (silo, slot), WorkOf(silo, slot, stop.Token));
                }
                // A silo that has just joined gets its shards at once.
                await Task.WhenAny([finished.Task, Task.Delay(LookEvery, time, cancellation), .. tasks.Where(t => t.Key.Slot < 0 && !t.Value.IsCompleted).Select(t => t.Value)]);
            }
            await finished.Task;
            return [.. results.Values];
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(tasks.Values);
        }
    }

    private static void Keep(Dictionary<(string, int), Task> tasks, (string, int) key, Func<Task> start)
    {
        if (!tasks.TryGetValue(key, out var known) || known.IsCompleted) tasks[key] = start();
    }

    private Func<Task> WorkOf(string silo, int slot, CancellationToken cancellation) => () => WorkAsync(silo, slots.Worker(silo, slot), cancellation);

    private bool Reads(string silo) => shards.Any(s => s.Place is null || s.Place == silo);

    private void EnsureReadable(IReadOnlyList<string> silos)
    {
        var lost = shards.FirstOrDefault(s => s.Place is not null && !results.ContainsKey(s.Number) && !silos.Contains(s.Place));
        if (lost is not null) throw new CutLostException($"of silo {lost.Place}");
    }

    private void Leave(string silo)
    {
        members.TryRemove(silo, out _);
        queue.Free(silo);
    }

    private async Task AdoptAsync(string silo, Action<IReadOnlyList<string>> held)
    {
        await HoldAsync(silo, held);
        try
        {
            for (var slot = 0; members.TryGetValue(silo, out var member) && slot < member.Slots; slot++)
                if (await slots.Worker(silo, slot).PollAsync(cut.RunId) is { Ended: false } at && IsOfThisCut(at)) queue.Reserve(at.Shard, silo);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            Leave(silo);
        }
    }

    private bool IsOfThisCut(ShardStatus status) => status.RunId == cut.RunId && status.Cut == cut.Fingerprint;

    private async Task HoldAsync(string silo, Action<IReadOnlyList<string>> held)
    {
        try
        {
            var answer = await slots.Worker(silo, 0).HoldAsync(cut);
            if (answer.Token is not { } token)
            {
                finished.TrySetException(new CutLostException(string.Join(", ", cut.Tokens)));
                return;
            }
            members[silo] = new(answer.Slots, time.GetTimestamp());
            lock (gate)
            {
                if (cut.Tokens.Contains(token)) return;
                cut = cut with { Tokens = [.. cut.Tokens, token] };
                held(cut.Tokens);
            }
        }
        catch (OwnershipLostException error)
        {
            finished.TrySetException(error);
        }
        catch (BackupException error)
        {
            // It may be put right while the run goes on: it is asked again.
            Leave(silo);
            if (refused.TryAdd(silo, error.Message)) RunLog.Refused(logger, cut.RunId, error.Message);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            Leave(silo);
        }
    }

    // One slot: takes shards until there are none, or until it fails.
    private async Task WorkAsync(string silo, IShardWorkerGrain worker, CancellationToken cancellation)
    {
        Shard? shard = null;
        try
        {
            // A slot may be at work already, for an owner before this one.
            var now = await worker.PollAsync(cut.RunId);
            var known = IsOfThisCut(now) && !now.Ended ? now.Shard : (int?)null;
            while (!cancellation.IsCancellationRequested && (shard = queue.Take(silo, known)) is not null)
            {
                known = null;
                if (!await FollowAsync(worker, shard, cancellation)) return;
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Whoever stopped the distribution knows why.
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            // The silo is gone or does not answer: it works again when it holds the cut again.
            Leave(silo);
            if (shard is null) return;
            Requeue(shard, error.Message);
        }
        catch (Exception error)
        {
            finished.TrySetException(error);
        }
    }

    // True when the shard is done; false when the slot should be left alone for a while.
    private async Task<bool> FollowAsync(IShardWorkerGrain worker, Shard shard, CancellationToken cancellation)
    {
        ShardStatus told = new();
        try
        {
            var status = await worker.StartAsync(new() { Cut = cut, Shard = shard.Number, UnitKind = (int)shard.Kind, From = shard.From, To = shard.To, Place = shard.Place });
            while (true)
            {
                if (!IsOfThisCut(status) || status.Shard != shard.Number)
                {
                    queue.PutBack(shard); // the slot is busy with another run
                    return false;
                }
                progress.Moved(status.Threads - told.Threads, status.RawBytes - told.RawBytes, status.StoredBytes - told.StoredBytes);
                told = status;
                if (status.Ended) break;
                await Task.Delay(PollEvery, time, cancellation);
                status = await worker.PollAsync(cut.RunId);
            }
            if (told.Result is { } name)
            {
                if (results.TryAdd(shard.Number, name)) progress.ShardDone();
                told = new();
                if (results.Count == shards.Count) finished.TrySetResult();
                return true;
            }
            Fail(shard, told);
            return false;
        }
        finally
        {
            progress.Moved(-told.Threads, -told.RawBytes, -told.StoredBytes);
        }
    }

    private void Fail(Shard shard, ShardStatus status)
    {
        if (status.CutLost)
        {
            finished.TrySetException(new CutLostException(string.Join(", ", cut.Tokens)));
            return;
        }
        var error = new BackupException(status.ErrorKind, status.Error ?? "the shard failed", status.Hint);
        if (status.ErrorKind != ErrorKind.Unreachable || attempts.AddOrUpdate(shard.Number, 1, (_, n) => n + 1) >= MaxAttempts)
        {
            finished.TrySetException(error);
            return;
        }
        Requeue(shard, error.Message);
    }

    private void Requeue(Shard shard, string why)
    {
        RunLog.Requeued(logger, cut.RunId, shard.Number, why);
        instruments.Requeued();
        queue.PutBack(shard);
    }

    private sealed record Member(int Slots, long Asked);
}

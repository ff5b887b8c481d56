using Backup.Abstractions;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Recovery;
using Backup.Engine.Stores;
using Orleans.Runtime;

namespace Backup.Grains.Threads;

/// <summary>Has a batch of threads captured, and reads how they stand in what was captured.</summary>
internal sealed class BatchCapture(ICheckpointStores stores, ThreadCaptures captures, IGrainFactory grains, TimeProvider time)
{
    private const int Tries = 60;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Captures.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="source">The source.</param>
    /// <param name="archive">The archive.</param>
    /// <param name="close">Called before the source is looked at: nobody may come to the batch from then on.</param>
    public async Task<IReadOnlyDictionary<string, ThreadCapture>> RunAsync(ThreadBatch batch, string source, string archive, Action close) =>
        await LoggedAsync(batch, source, archive, close) ?? await FollowAsync(batch, source, archive, await BeginAsync(batch, source, archive, close));

    /// <summary>Waits for the end of the run that captures the batch.</summary>
    public async Task<IReadOnlyDictionary<string, ThreadCapture>> FollowAsync(ThreadBatch batch, string source, string archive, string run)
    {
        batch.Tell(run, null);
        RunStatus? last = null;
        await foreach (var status in grains.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(run))).WatchAsync(time)) last = status;
        if (last is { Damage: { } damage }) throw new DamageException(damage.Object, damage.Offset, damage.Problem);
        if (last is not { State: RunState.Done, Backup: { } backup })
            throw new BackupException(last?.ErrorKind ?? ErrorKind.Failed, $"run {run}, which was to capture the thread of '{source}', ended without a backup: {last?.Error}", last?.Hint ?? "Ask again.");
        var threads = batch.Threads.ToList();
        return await Task.Run(() => captures.InBackupAsync(archive, backup.BackupId, threads, CancellationToken.None));
    }

    // An increment of everything: a backup of part of a store would be none that others can build on.
    private async Task<string> BeginAsync(ThreadBatch batch, string source, string archive, Action close)
    {
        var manager = grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source(source));
        for (var left = Tries; ;)
        {
            try
            {
                if ((await manager.RunsAsync()).LastOrDefault(known => !known.IsFinished) is { } other)
                {
                    // Its cut may be older than what was asked for.
                    batch.Tell(null, $"run {other.RunId}, which was there before");
                    await foreach (var _ in grains.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(other.RunId))).WatchAsync(time))
                    {
                    }
                }
                close();
                return (await manager.StartAsync(new() { Source = source, Archive = archive, Strategy = BackupStrategyKind.Incremental })).RunId;
            }
            catch (BackupException error) when (error.Kind is ErrorKind.Conflict or ErrorKind.Unreachable && --left > 0)
            {
                batch.Tell(null, error.Message);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException && --left > 0)
            {
                // It may have begun all the same: then it is found, and another comes after it.
                batch.Tell(null, "the silos, which do not answer");
            }
            await Task.Delay(Pause, time);
        }
    }

    // Where the log is kept up, it captures by itself what there is now. Null where it is not, or ceases to be.
    private async Task<IReadOnlyDictionary<string, ThreadCapture>?> LoggedAsync(ThreadBatch batch, string source, string archive, Action close)
    {
        var log = grains.GetGrain<IChangeLogGrain>(GrainKeys.Source(source));
        try
        {
            if (!Keeps(await log.StatusAsync(), archive)) return null;
            close();
            var position = await PositionAsync(source);
            var text = LogPosition.ToText(position);
            batch.Tell(null, $"the change log to cover {text}");
            for (; ; await Task.Delay(LookEvery, time))
            {
                var status = await log.WantAsync(text);
                if (LogPosition.Read(status.LastClosed?.Position) is { } covered && covered >= position)
                {
                    var threads = batch.Threads.ToList();
                    return await Task.Run(() => captures.InLogAsync(archive, source, covered, threads, CancellationToken.None));
                }
                if (!Keeps(status, archive)) return null;
            }
        }
        catch (Exception error) when (error is OrleansException or TimeoutException or BackupException { Kind: ErrorKind.Unreachable })
        {
            return null;
        }
    }

    private async Task<ulong> PositionAsync(string source)
    {
        await using var opened = await stores.OpenSourceAsync(source, CancellationToken.None);
        return await ((IChangeLogSource)opened).PositionAsync(CancellationToken.None);
    }

    private static bool Keeps(LogStatus log, string archive) => log is { State: LogState.Running, NeedsBase: false } && log.Archive == archive;
}

using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Progress;
using Backup.Engine.Stores;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.Workers;

/// <summary>The capture of one shard in a task of its own.</summary>
internal sealed class ShardExecution : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly RunProgress progress;
    private readonly Task work;
    private volatile ShardStatus ended;

    public ShardExecution(ShardTask task, IArchives archives, KeptCuts cuts, WorkerInstruments instruments, TimeProvider time, ILogger logger)
    {
        Task = task;
        progress = new(new() { RunId = task.Cut.RunId, Store = task.Cut.Source, Archive = task.Cut.Archive }, time);
        ended = new() { RunId = task.Cut.RunId, Cut = task.Cut.Fingerprint, Shard = task.Shard };
        work = System.Threading.Tasks.Task.Run(() => RunAsync(archives, cuts, instruments, time, logger));
    }

    public ShardTask Task { get; }

    public ShardStatus Status
    {
        get
        {
            var now = progress.Snapshot();
            return ended with { Threads = now.Threads, RawBytes = now.RawBytes, StoredBytes = now.StoredBytes };
        }
    }

    /// <summary>True when it is this shard of this cut.</summary>
    public bool Is(ShardTask other) => Task.Cut.RunId == other.Cut.RunId && Task.Cut.Fingerprint == other.Cut.Fingerprint && Task.Shard == other.Shard;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await work;
        stopping.Dispose();
    }

    private async Task RunAsync(IArchives archives, KeptCuts cuts, WorkerInstruments instruments, TimeProvider time, ILogger logger)
    {
        instruments.Began();
        try
        {
            Failpoint.Reach("worker.shard");
            var archive = await archives.OpenAsync(Task.Cut.Archive, stopping.Token);
            var kept = await cuts.JoinAsync(Task.Cut, stopping.Token);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, kept.LetGo);
            var shard = new Shard(Task.Shard, (UnitKind)Task.UnitKind, Task.From, Task.To, Task.Place);
            var result = await ShardCapture.RunAsync(archive, kept.Cut, Task.Cut.Fingerprint, shard, progress, time, stop.Token);
            WorkerLog.Captured(logger, Task.Cut.RunId, Task.Shard, result.Totals.Threads);
            instruments.Captured(result.Totals.Threads, result.Totals.RawBytes, result.Segments.Sum(s => s.Size));
            ended = ended with { Ended = true, Result = result.Name };
        }
        catch (Exception error)
        {
            instruments.Failed(stopping.IsCancellationRequested);
            if (!stopping.IsCancellationRequested) WorkerLog.Failed(logger, error, Task.Cut.RunId, Task.Shard);
            var known = error as BackupException;
            ended = ended with
            {
                Ended = true, Error = error.Message, ErrorKind = known?.Kind ?? ErrorKind.Failed, Hint = known?.Hint, CutLost = error is CutLostException,
            };
        }
    }
}

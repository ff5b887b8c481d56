using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Capture;
using Backup.Engine.Progress;
using Backup.Engine.Stores;

namespace Backup.Grains.Workers;

/// <summary>The capture of one shard in a task of its own.</summary>
internal sealed class ShardExecution : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly RunProgress progress;
    private readonly Task work;
    private volatile ShardStatus ended;

    public ShardExecution(ShardTask task, IArchives archives, KeptCuts cuts, TimeProvider time)
    {
        Task = task;
        progress = new(new() { RunId = task.RunId, Store = task.Source, Archive = task.Archive }, time);
        ended = new() { RunId = task.RunId, Shard = task.Shard };
        work = System.Threading.Tasks.Task.Run(() => RunAsync(archives, cuts, time));
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

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await work;
        stopping.Dispose();
    }

    private async Task RunAsync(IArchives archives, KeptCuts cuts, TimeProvider time)
    {
        try
        {
            var archive = await archives.OpenAsync(Task.Archive, stopping.Token);
            var cut = await cuts.JoinAsync(Task.RunId, Task.Cut, Task.Source, Task.CutTokens, stopping.Token);
            ended = ended with { CutToken = cut.Description.Token };
            var shard = new Shard(Task.Shard, (UnitKind)Task.UnitKind, Task.From, Task.To, Task.Place);
            var result = await ShardCapture.RunAsync(archive, cut, Task.Cut, shard, progress, time, stopping.Token);
            ended = ended with { Ended = true, Result = result.Name };
        }
        catch (Exception error)
        {
            var known = error as BackupException;
            ended = ended with
            {
                Ended = true, Error = error.Message, ErrorKind = known?.Kind ?? ErrorKind.Failed, Hint = known?.Hint, CutLost = error is CutLostException,
            };
        }
    }
}

using Backup.Abstractions;
using Backup.Contracts;
using Backup.Engine.Stores;
using Orleans.Concurrency;

namespace Backup.Grains.Threads;

/// <summary>
/// Gathers threads for a moment, and has them captured by one incremental run that begins after the last of them was asked for, or by the source's change log. One
/// batch at a time: who asks meanwhile goes with the next. Nothing is stored: a batch that is lost before its run began is asked for anew, and a run is found by its id.
/// </summary>
[Reentrant]
internal sealed class ThreadBackupsGrain(BatchCapture capture, ICheckpointStores stores, IArchives archives, TimeProvider time) : Grain, IThreadBackupsGrain
{
    private const int EndedKept = 64;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(2);
    private readonly Dictionary<string, ThreadBatch> batches = new(StringComparer.Ordinal);
    private readonly Queue<string> ended = [];
    private ThreadBatch? gathering;
    private bool working;

    private string Source => GrainKeys.Names(this.GetPrimaryKeyString())[0];

    private string Archive => GrainKeys.Names(this.GetPrimaryKeyString())[1];

    public Task<ThreadBackup> AskAsync(string thread)
    {
        _ = (stores.Fingerprint(Source), archives.Fingerprint(Archive)); // names that are not configured are refused here
        return Task.FromResult(Join(thread).Status());
    }

    public Task<ThreadBackup> AwaitAsync(string thread, ThreadBackup asked)
    {
        // Of a batch of an activation before this one the run goes on without us; without a run the thread has to be asked for anew.
        if (!batches.TryGetValue(asked.Ticket, out var batch) || batch.Lacks(thread)) batch = asked.RunId is { } run ? Follow(asked.Ticket, run) : Join(thread);
        batch.Threads.Add(thread);
        return batch.AwaitAsync(thread, asked, Answer, time);
    }

    private ThreadBatch Join(string thread)
    {
        gathering ??= Add(new(Archive, Randomness.Token(8)));
        gathering.Threads.Add(thread);
        if (!working) _ = WorkAsync();
        return gathering;
    }

    private ThreadBatch Follow(string ticket, string run)
    {
        var batch = Add(new(Archive, ticket));
        _ = EndAsync(batch, () => capture.FollowAsync(batch, Source, Archive, run));
        return batch;
    }

    private async Task WorkAsync()
    {
        working = true;
        try
        {
            await Task.Delay(Window, time);
            while (gathering is not null) await CaptureAsync();
        }
        finally
        {
            working = false;
        }
    }

    private async Task CaptureAsync()
    {
        var batch = gathering!;
        await EndAsync(batch, () => capture.RunAsync(batch, Source, Archive, Close));
        Close();

        // Whoever asks from here on may have written since the cut.
        void Close()
        {
            if (gathering == batch) gathering = null;
        }
    }

    private async Task EndAsync(ThreadBatch batch, Func<Task<IReadOnlyDictionary<string, ThreadCapture>>> work)
    {
        try
        {
            batch.Complete(await work());
        }
        catch (Exception error)
        {
            batch.Fail(error);
        }
        ended.Enqueue(batch.Ticket);
        while (ended.Count > EndedKept) batches.Remove(ended.Dequeue());
    }

    private ThreadBatch Add(ThreadBatch batch) => batches[batch.Ticket] = batch;
}

using Backup.Contracts;

namespace Backup.Grains.Threads;

/// <summary>Threads that are backed up together, and where that stands. Used by one grain, on its own scheduler.</summary>
internal sealed class ThreadBatch(string archive, string ticket)
{
    private readonly TaskCompletionSource<IReadOnlyDictionary<string, ThreadCapture>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Its name.</summary>
    public string Ticket => ticket;

    /// <summary>The threads.</summary>
    public HashSet<string> Threads { get; } = new(StringComparer.Ordinal);

    /// <summary>The run that captures them.</summary>
    public string? RunId { get; private set; }

    /// <summary>What it waits for.</summary>
    public string? WaitsFor { get; private set; }

    /// <summary>True when it has ended, well or not.</summary>
    public bool Ended => done.Task.IsCompleted;

    /// <summary>True when it ended well and has nothing to say of a thread: one that came when the others were being read.</summary>
    public bool Lacks(string thread) => done.Task.IsCompletedSuccessfully && !done.Task.Result.ContainsKey(thread);

    /// <summary>Says where it stands.</summary>
    public void Tell(string? runId, string? waitsFor)
    {
        if ((RunId, WaitsFor) == (runId, waitsFor)) return;
        (RunId, WaitsFor) = (runId, waitsFor);
        var heard = told;
        told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        heard.SetResult();
    }

    /// <summary>Ends it well.</summary>
    public void Complete(IReadOnlyDictionary<string, ThreadCapture> captures) => done.SetResult(captures);

    /// <summary>Ends it.</summary>
    public void Fail(Exception error)
    {
        done.SetException(error);
        _ = done.Task.Exception; // whoever asks is told; nobody need ask
    }

    /// <summary>Waits for more than <paramref name="asked"/> knows.</summary>
    public async Task<ThreadBackup> AwaitAsync(string thread, ThreadBackup asked, TimeSpan wait, TimeProvider time)
    {
        if (!Ended && (asked.RunId, asked.WaitsFor) == (RunId, WaitsFor))
            await ((Task)Task.WhenAny(done.Task, told.Task).WaitAsync(wait, time)).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        // A thread that came when the others were being read is asked for again.
        return Status() with { Captured = Ended ? (await done.Task).GetValueOrDefault(thread) : null };
    }

    /// <summary>Where it stands.</summary>
    public ThreadBackup Status() => new() { Archive = archive, Ticket = ticket, RunId = RunId, WaitsFor = WaitsFor };
}

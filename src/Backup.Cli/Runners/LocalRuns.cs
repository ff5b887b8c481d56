using System.Runtime.CompilerServices;
using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>
/// The runs of this machine when no cluster is configured: a status file each under <c>StateFolder/runs</c>, and one lock
/// for everything only one run may work on at a time under <c>StateFolder/locks</c>.
/// </summary>
internal sealed class LocalRuns(string stateFolder, TimeProvider time)
{
    private const int FinishedKept = 200;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private readonly string runsFolder = Path.Combine(stateFolder, "runs");
    private readonly string locksFolder = Path.Combine(stateFolder, "locks");

    /// <summary>
    /// Does <paramref name="body"/> as a run that others can see and stop. It reports to what it is given and returns the last status;
    /// an error or a stop is recorded and thrown on.
    /// </summary>
    /// <param name="first">The admitted run.</param>
    /// <param name="watcher">Sees every status too.</param>
    /// <param name="body">The work.</param>
    /// <param name="cancellation">The caller's own wish to stop.</param>
    /// <exception cref="BackupException">Conflict when another run works on the same store in the same way.</exception>
    public async Task<RunStatus> ExecuteAsync(RunStatus first, IProgress<RunStatus> watcher,
        Func<IProgress<RunStatus>, CancellationToken, Task<RunStatus>> body, CancellationToken cancellation)
    {
        using var busy = TakeLock(first);
        Trim();
        await using var run = new LocalRun(new LocalRunFiles(runsFolder, first.RunId), first, watcher, time, cancellation);
        try
        {
            var last = await body(run, run.Cancellation);
            run.Finish(last);
            return last;
        }
        catch (OperationCanceledException) when (run.Cancellation.IsCancellationRequested)
        {
            run.Finish(Ended(run.Latest) with { State = RunState.Cancelled });
            if (!run.StopRequested) throw;
            throw new BackupException(ErrorKind.Interrupted, $"run {first.RunId} was stopped by 'backup run cancel'", "What was not finished is not visible; the same command can be run again.");
        }
        catch (Exception error)
        {
            var known = error as BackupException;
            run.Finish(Ended(run.Latest) with { State = RunState.Failed, Error = error.Message, ErrorKind = known?.Kind ?? ErrorKind.Failed, Hint = known?.Hint });
            throw;
        }
    }

    /// <summary>The runs there are, oldest first.</summary>
    public IReadOnlyList<RunStatus> List() => [.. LocalRunFiles.List(runsFolder).Select(Read).OfType<RunStatus>()];

    /// <summary>One run, by its id or the unique beginning of it.</summary>
    /// <exception cref="BackupException">NotFound; Usage when the beginning is not unique.</exception>
    public RunStatus Show(string written) => Read(Find(written)) ?? throw None(written);

    /// <summary>The statuses of a run from now on, until it ends.</summary>
    public async IAsyncEnumerable<RunStatus> WatchAsync(string written, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var id = Find(written);
        while (Read(id) is { } status)
        {
            yield return status;
            if (status.IsFinished) yield break;
            await Task.Delay(Poll, time, cancellation);
        }
    }

    /// <summary>Asks a run to stop; one that has ended stays as it is.</summary>
    public RunStatus Cancel(string written)
    {
        var id = Find(written);
        var status = Read(id) ?? throw None(written);
        if (status.IsFinished) return status;
        new LocalRunFiles(runsFolder, id).RequestCancel();
        return status with { State = RunState.Cancelling };
    }

    private FileLock TakeLock(RunStatus run)
    {
        var (name, what) = run.Kind != RunKind.Restore ? ("source", $"source {run.Store}") : ("target", $"target {run.Store}");
        try
        {
            Directory.CreateDirectory(runsFolder);
            return FileLock.Take(locksFolder, $"{name}-{run.Store}", run.RunId, what);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorKind.Usage, $"the tool's own records cannot be written to {stateFolder}: {error.Message}",
                "Give this user permission, or set Backup:StateFolder to a folder it can write to.", error);
        }
    }

    private RunStatus? Read(string id)
    {
        var files = new LocalRunFiles(runsFolder, id);
        var status = files.Read();
        if (status is null or { IsFinished: true }) return status;
        if (files.IsAlive) return status with { Updated = time.GetUtcNow() };
        // Read again: it may have ended between the two looks.
        status = files.Read();
        return status is null or { IsFinished: true } ? status : status with
        {
            State = RunState.Failed,
            ErrorKind = ErrorKind.Failed,
            Error = "its process ended before the run did",
            Hint = "Nothing of it is visible; run the same command again.",
        };
    }

    private string Find(string written)
    {
        var found = LocalRunFiles.List(runsFolder).Where(id => id.StartsWith(written, StringComparison.Ordinal)).ToArray();
        return found switch
        {
            [var one] => one,
            [] => throw None(written),
            _ => throw new BackupException(ErrorKind.Usage, $"{found.Length} runs begin with '{written}'", "Write more of the id; see 'backup run list'."),
        };
    }

    private static BackupException None(string written) =>
        new(ErrorKind.NotFound, $"there is no run '{written}' on this machine", "See 'backup run list'.");

    private RunStatus Ended(RunStatus status) => status with { Updated = time.GetUtcNow(), Version = status.Version + 1 };

    private void Trim()
    {
        var all = LocalRunFiles.List(runsFolder).ToArray();
        // Looking into them is dear, for a backup of a second.
        if (all.Length <= FinishedKept) return;
        var ended = all.Where(id => Read(id) is { IsFinished: true }).ToArray();
        foreach (var id in ended.SkipLast(FinishedKept)) new LocalRunFiles(runsFolder, id).Delete();
    }
}

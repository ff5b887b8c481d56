using System.Runtime.CompilerServices;
using Backup.Abstractions;
using Backup.Contracts;

namespace Backup.Cli.Runners;

/// <summary>The runs of a cluster.</summary>
internal sealed class ClusterRuns(IGrainFactory grains, TimeProvider time)
{
    /// <summary>The runs that are remembered, oldest first.</summary>
    public Task<IReadOnlyList<RunStatus>> ListAsync(CancellationToken cancellation) =>
        ClusterErrors.GuardAsync(grains.GetGrain<IRunDirectoryGrain>(GrainKeys.Single("runs")).ListAsync(), cancellation);

    /// <summary>One run, by its id or the unique beginning of it.</summary>
    /// <exception cref="BackupException">NotFound; Usage when the beginning is not unique.</exception>
    public async Task<RunStatus> FindAsync(string written, CancellationToken cancellation)
    {
        var found = (await ListAsync(cancellation)).Where(run => run.RunId.StartsWith(written, StringComparison.Ordinal)).ToArray();
        return found switch
        {
            [var one] => one,
            [] => throw new BackupException(ErrorKind.NotFound, $"there is no run '{written}' in the cluster", "See 'backup run list'."),
            _ => throw new BackupException(ErrorKind.Usage, $"{found.Length} runs begin with '{written}'", "Write more of the id; see 'backup run list'."),
        };
    }

    /// <summary>Every status of a run from now on; ends with its last.</summary>
    public async IAsyncEnumerable<RunStatus> WatchAsync(RunStatus run, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var status in ClusterErrors.GuardAsync(Grain(run).WatchAsync(time, cancellation), cancellation)) yield return status;
    }

    /// <summary>Asks a run to stop.</summary>
    public Task<RunStatus> CancelAsync(RunStatus run, CancellationToken cancellation) => ClusterErrors.GuardAsync(Grain(run).CancelAsync(), cancellation);

    /// <summary>Watches a run of the user's own to its end.</summary>
    /// <exception cref="BackupException">What the run failed with. Interrupted: the user does not want to wait, or somebody cancelled the run.</exception>
    public async Task<RunStatus> FollowAsync(RunStatus run, IProgress<RunStatus> progress, CancellationToken cancellation)
    {
        progress.Report(run);
        try
        {
            await foreach (var status in WatchAsync(run, cancellation).WithCancellation(cancellation)) progress.Report(run = status);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new BackupException(ErrorKind.Interrupted, $"run {run.RunId} goes on in the cluster",
                $"Follow it with 'backup run watch {run.RunId}', or stop it with 'backup run cancel {run.RunId}'.");
        }
        return run.State switch
        {
            RunState.Done => run,
            RunState.Cancelled => throw new BackupException(ErrorKind.Interrupted, $"run {run.RunId} was cancelled", "What was not finished is not visible; the same command can be run again."),
            _ when run.Damage is { } damage => throw new DamageException(damage.Object, damage.Offset, damage.Problem),
            _ => throw new BackupException(run.ErrorKind ?? ErrorKind.Failed, run.Error ?? $"run {run.RunId} failed", run.Hint),
        };
    }

    private IRunGrain Grain(RunStatus run)
    {
        var key = GrainKeys.Run(new(run.RunId));
        return run.Kind == RunKind.Backup ? grains.GetGrain<IBackupRunGrain>(key) : grains.GetGrain<IRestoreRunGrain>(key);
    }
}

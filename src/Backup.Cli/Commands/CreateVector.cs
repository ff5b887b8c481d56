using Backup.Cli.Output;
using Backup.Cli.Runners;
using Backup.Contracts;

namespace Backup.Cli.Commands;

/// <summary>Backups of several sources at once, and the cut vector that says they belong together.</summary>
internal static class CreateVector
{
    /// <summary>Takes the backups side by side; when one fails, the others are finished all the same and stay, without a vector.</summary>
    public static async Task<CutVector> RunAsync(IBackupRunner runner, IReadOnlyList<BackupRequest> requests, IProgress<RunStatus> progress, TimeProvider time, CancellationToken cancellation)
    {
        var begun = time.GetUtcNow();
        var sum = new SummedProgress(progress, requests.Count);
        var runs = requests.Select((request, i) => runner.CreateAsync(request, detach: false, sum.Of(i), cancellation)).ToList();
        await Task.WhenAll(runs).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (runs.FindIndex(r => !r.IsCompletedSuccessfully) is var failed and >= 0) await RefuseAsync(requests, runs, failed);
        return await runner.SealVectorAsync(new() { Archive = requests[0].Archive, BackupIds = [.. runs.Select(r => r.Result.Backup!.BackupId)], Begun = begun }, cancellation);
    }

    private static async Task RefuseAsync(IReadOnlyList<BackupRequest> requests, List<Task<RunStatus>> runs, int failed)
    {
        try
        {
            await runs[failed];
        }
        catch (BackupException error)
        {
            var made = runs.Where(r => r.IsCompletedSuccessfully).Select(r => r.Result.Backup!).ToList();
            var stand = made.Count == 0 ? "no backup was made" : $"these stand for themselves: {string.Join(", ", made.Select(b => $"{b.BackupId} of {b.Source}"))}";
            throw new BackupException(error.Kind, $"no cut vector was recorded, because the backup of {requests[failed].Source} failed: {error.Message}", $"{error.Hint} Of the others, {stand}.".TrimStart(), error);
        }
    }
}

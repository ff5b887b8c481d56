using Backup.Abstractions;
using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Grains.Managers;

/// <summary>One run at a time for a source or a target.</summary>
internal static class RunAdmission
{
    /// <summary>Makes a new run's id, once no other run is going on.</summary>
    /// <exception cref="BackupException">Conflict: one is.</exception>
    public static async Task<RunId> AdmitAsync(IPersistentState<RunList> state, Func<string, IRunGrain> run, string what, TimeProvider time)
    {
        if (state.State.Runs is [.., var last] && await FindAsync(run(last)) is { IsFinished: false } running)
            throw new BackupException(ErrorKind.Conflict, $"{what} is busy: run {running.RunId} is {running.State.ToString().ToLowerInvariant()}",
                $"Wait for it ('backup run watch {running.RunId}') or cancel it ('backup run cancel {running.RunId}').");
        var id = RunId.New(time.GetUtcNow());
        state.State.Runs = [.. state.State.Runs.TakeLast(RunList.Keep - 1), id.Value];
        await state.WriteStateAsync();
        return id;
    }

    /// <summary>The statuses of the remembered runs.</summary>
    public static async Task<IReadOnlyList<RunStatus>> ListAsync(RunList list, Func<string, IRunGrain> run)
    {
        var found = await Task.WhenAll(list.Runs.Select(id => FindAsync(run(id))));
        return [.. found.OfType<RunStatus>()];
    }

    // A run whose start did not get through is not there.
    private static async Task<RunStatus?> FindAsync(IRunGrain run)
    {
        try
        {
            return await run.StatusAsync();
        }
        catch (BackupException error) when (error.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }
}

using Backup.Abstractions;
using Backup.Contracts;
using Orleans.Runtime;

namespace Backup.Grains.Managers;

/// <summary>One run at a time for a source or a target.</summary>
/// <param name="state">The runs that are remembered.</param>
/// <param name="run">The grain of a run.</param>
internal sealed class RunAdmission(IPersistentState<RunList> state, Func<string, IRunGrain> run)
{
    private readonly Dictionary<string, RunStatus> finished = [];

    /// <summary>Makes a new run's id, once no other run is going on.</summary>
    /// <exception cref="BackupException">Conflict: one is.</exception>
    public async Task<RunId> AdmitAsync(string what, TimeProvider time)
    {
        if ((await ListAsync()).FirstOrDefault(known => !known.IsFinished) is { } running)
            throw new BackupException(ErrorKind.Conflict, $"{what} is busy: run {running.RunId} is {running.State.ToString().ToLowerInvariant()}",
                $"Wait for it ('backup run watch {running.RunId}') or cancel it ('backup run cancel {running.RunId}').");
        var id = RunId.New(time.GetUtcNow());
        await RememberAsync(id.Value);
        return id;
    }

    /// <summary>Remembers a run that is going on, should it not be known.</summary>
    public Task NoteAsync(string id) => state.State.Runs.Contains(id) ? Task.CompletedTask : RememberAsync(id);

    /// <summary>The statuses of the remembered runs. A run whose start did not get through is not there.</summary>
    public async Task<IReadOnlyList<RunStatus>> ListAsync()
    {
        var found = await Task.WhenAll(state.State.Runs.Select(FindAsync));
        return [.. found.OfType<RunStatus>()];
    }

    private Task RememberAsync(string id)
    {
        state.State.Runs = [.. state.State.Runs.Append(id).Order(StringComparer.Ordinal).TakeLast(RunList.Keep)];
        return state.WriteStateAsync();
    }

    private async Task<RunStatus?> FindAsync(string id)
    {
        if (finished.TryGetValue(id, out var known)) return known;
        try
        {
            var status = await run(id).StatusAsync();
            if (status.IsFinished) finished[id] = status;
            return status;
        }
        catch (BackupException error) when (error.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }
}

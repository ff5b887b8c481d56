using Backup.Abstractions;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Directory;

/// <summary>
/// One listing. Changes are written together: those that come while a write is under way, or right after one, go with the next.
/// A second activation that does not know of a change cannot write over it: the storage refuses it, and it starts anew.
/// </summary>
[Reentrant]
internal sealed class ThreadDirectoryGrain(
    [PersistentState(StateNames.DirectoryBase, StorageNames.Work)] IPersistentState<DirectoryBase> folded,
    [PersistentState(StateNames.DirectoryChanges, StorageNames.Work)] IPersistentState<DirectoryChanges> recent,
    MemoryTimings timings, TimeProvider time) : Grain, IThreadDirectoryGrain
{
    private const int FoldAt = 500;
    private const int FirstUnits = 10;
    private readonly Dictionary<string, SiloAddress> holders = new(StringComparer.Ordinal);
    private readonly HashSet<SiloAddress> leaving = [];
    private Task writing = Task.CompletedTask;
    private Task? next;
    private bool dirty;
    private long written;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var (silo, units) in folded.State.Units)
        {
            var address = SiloAddress.FromParsableString(silo);
            foreach (var unit in units) holders[unit] = address;
        }
        foreach (var (unit, silo) in recent.State.Changes)
        {
            if (silo is null) holders.Remove(unit);
            else holders[unit] = SiloAddress.FromParsableString(silo);
        }
        return Task.CompletedTask;
    }

    public Task<Holders> FindAsync(IReadOnlyList<string> units) => Task.FromResult(new Holders([.. units.Select(u => holders.GetValueOrDefault(u))], [.. leaving]));

    public async Task<SiloAddress> ClaimAsync(string unit, SiloAddress silo)
    {
        if (!holders.TryGetValue(unit, out var holder)) Set(unit, holder = silo);
        // Also where it is known already: that may not be stored yet.
        await SaveAsync();
        return holder;
    }

    public async Task<IReadOnlyList<SiloAddress?>> AssignAsync(IReadOnlyList<Holding> holdings)
    {
        var before = new List<SiloAddress?>();
        foreach (var (unit, silo) in holdings)
        {
            var old = holders.GetValueOrDefault(unit);
            before.Add(old);
            if (!Equals(old, silo)) Set(unit, silo);
        }
        await SaveAsync();
        return before;
    }

    public Task<IReadOnlyList<Stray>> StraysAsync(IReadOnlyList<SiloAddress> silos) => Task.FromResult<IReadOnlyList<Stray>>([.. holders
        .Where(h => !silos.Contains(h.Value)).GroupBy(h => h.Value, h => h.Key)
        .Select(g => new Stray(g.Key, g.Count(), [.. g.Order(StringComparer.Ordinal).Take(FirstUnits)]))]);

    public Task LeavingAsync(SiloAddress silo)
    {
        leaving.Add(silo);
        return Task.CompletedTask;
    }

    private void Set(string unit, SiloAddress? silo)
    {
        if (silo is null) holders.Remove(unit);
        else holders[unit] = silo;
        recent.State.Changes[unit] = silo?.ToParsableString();
        dirty = true;
    }

    // Ends when everything that was changed up to now is stored.
    private Task SaveAsync()
    {
        if (next is not null) return next;
        if (!dirty) return writing;
        return next = WriteNextAsync();
    }

    private async Task WriteNextAsync()
    {
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);
        if (written != 0 && timings.DirectoryPace - time.GetElapsedTime(written) is var wait && wait > TimeSpan.Zero) await Task.Delay(wait, time);
        (writing, next, dirty) = (next!, null, false);
        try
        {
            if (recent.State.Changes.Count > FoldAt) await FoldAsync();
            await recent.WriteStateAsync();
        }
        catch (Exception)
        {
            // What is stored is not known any more: it is read again.
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            written = time.GetTimestamp();
        }
    }

    private Task FoldAsync()
    {
        // Changes that come meanwhile stand in the new row only; a crash in between repeats changes that are folded already.
        recent.State.Changes = [];
        folded.State.Units = holders.GroupBy(h => h.Value, h => h.Key).ToDictionary(g => g.Key.ToParsableString(), g => g.ToList());
        return folded.WriteStateAsync();
    }
}

using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Grains.Memory.Directory;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Restores;

/// <summary>
/// One restore's changes to what this silo holds, and to what the directory says of it. A unit is registered before it is put, like one
/// that a client writes; a removed one is forgotten when the restore is final.
/// </summary>
internal sealed class SiloRestore(string store, MemoryRestore restore, ThreadDirectory directory, SiloAddress silo, bool online)
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly UnitAssembly assembly = new();
    private readonly Dictionary<UnitId, SiloAddress?> holdersBefore = [];
    private readonly HashSet<UnitId> removed = [];
    private bool over;

    public string Store => store;

    public MemoryRestore Restore => restore;

    /// <summary>When the coordinator was last heard of.</summary>
    public long Heard { get; set; }

    public Task PutAsync(IReadOnlyList<UnitPiece> pieces) => AloneAsync(async () =>
    {
        var complete = assembly.Add(pieces);
        foreach (var (unit, _, replace) in complete)
            if (!replace && restore.Holds(unit)) throw MemoryStore.Concurrent(unit);
        await RegisterAsync([.. complete.Select(c => c.Unit).Where(u => !restore.Holds(u))]);
        foreach (var (unit, content, _) in complete)
        {
            await restore.PutAsync(unit, content);
            removed.Remove(unit);
        }
    });

    public Task RemoveAsync(IReadOnlyList<UnitId> units) => AloneAsync(async () =>
    {
        foreach (var unit in units.Where(restore.Holds))
        {
            await restore.PutAsync(unit, null);
            removed.Add(unit);
        }
    });

    public Task CommitAsync() => AloneAsync(async () =>
    {
        over = true;
        if (removed.Count > 0) await directory.AssignAsync(store, removed.Select(u => KeyValuePair.Create(u, (SiloAddress?)null)));
        restore.Commit();
    });

    public Task UndoAsync() => AloneAsync(async () =>
    {
        over = true;
        // Writers come back in last: until then the directory and the units may differ.
        if (!online && holdersBefore.Count > 0) await directory.AssignAsync(store, holdersBefore);
        await restore.UndoAsync();
    });

    private async Task RegisterAsync(IReadOnlyList<UnitId> units)
    {
        if (units.Count == 0) return;
        var before = await directory.AssignAsync(store, units.Select(u => KeyValuePair.Create(u, (SiloAddress?)silo)));
        foreach (var (unit, holder) in before) holdersBefore.TryAdd(unit, holder);
    }

    private async Task AloneAsync(Func<Task> change)
    {
        await gate.WaitAsync();
        try
        {
            if (over) throw new Contracts.BackupException(Contracts.ErrorKind.Failed, "the restore was undone meanwhile", "Run the restore again.");
            await change();
        }
        finally
        {
            gate.Release();
        }
    }
}

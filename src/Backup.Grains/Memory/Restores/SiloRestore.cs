using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Grains.Memory.Directory;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Restores;

/// <summary>
/// One restore's changes to what this silo holds, and to what the directory says of it. Online a unit is registered before it is put, like
/// one that a client writes. Otherwise nobody else writes until the restore is final, and only then the directory learns of it: what is
/// undone, or dies before, was never there.
/// </summary>
internal sealed class SiloRestore(string store, MemoryRestore restore, ThreadDirectory directory, SiloMap map, bool online)
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly UnitAssembly assembly = new();
    private readonly Dictionary<UnitId, SiloAddress?> holders = [];
    private bool over;

    public string Store => store;

    public MemoryRestore Restore => restore;

    /// <summary>When the coordinator was last heard of.</summary>
    public long Heard { get; set; }

    public Task PutAsync(IReadOnlyList<UnitPiece> pieces) => AloneAsync(async () =>
    {
        var complete = assembly.Add(pieces);
        foreach (var (unit, _, replace) in complete)
        {
            var holds = restore.Holds(unit);
            if (!replace && holds) throw MemoryStore.Concurrent(unit);
            if (!holds) holders[unit] = map.Local;
        }
        if (online) await RegisterAsync();
        foreach (var (unit, content, _) in complete) await restore.PutAsync(unit, content);
    });

    public Task RemoveAsync(IReadOnlyList<UnitId> units) => AloneAsync(async () =>
    {
        foreach (var unit in units.Where(restore.Holds))
        {
            await restore.PutAsync(unit, null);
            holders[unit] = null;
        }
    });

    public Task CommitAsync() => AloneAsync(async () =>
    {
        await RegisterAsync();
        restore.Commit();
        over = true;
    });

    /// <summary>Sets everything back, unless it is final already.</summary>
    public async Task UndoAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (over) return;
            over = true;
            await restore.UndoAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task RegisterAsync()
    {
        if (holders.Count == 0) return;
        var before = await directory.AssignAsync(store, holders);
        // A silo that joined after the restore began may have taken one of them meanwhile.
        var taken = before.Where(b => b.Value is not null && !b.Value.Equals(map.Local) && map.Active.Contains(b.Value)).ToList();
        holders.Clear();
        if (taken.Count == 0) return;
        await directory.AssignAsync(store, taken);
        foreach (var (unit, _) in taken) await restore.PutAsync(unit, null);
        throw MemoryStore.Concurrent(taken[0].Key);
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

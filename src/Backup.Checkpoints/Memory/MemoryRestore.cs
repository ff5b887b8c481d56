using System.Collections.Immutable;
using Backup.Checkpoints.Model;

namespace Backup.Checkpoints.Memory;

/// <summary>
/// The changes of one restore to the units of one process. Unless it is online other writers are kept out, and until it is final the
/// units it replaced are kept to go back to.
/// </summary>
internal sealed class MemoryRestore
{
    private readonly MemoryUnits units;
    private readonly Dictionary<UnitId, MemoryUnit?> before = [];
    private readonly ImmutableSortedDictionary<UnitId, MemoryUnit> atStart;
    private readonly bool online;

    /// <exception cref="Contracts.BackupException">Conflict: another restore has the store. Unreachable: units are being moved away.</exception>
    public MemoryRestore(MemoryUnits units, bool online)
    {
        this.units = units;
        this.online = online;
        if (!online) units.Freeze(this);
        atStart = units.Current;
    }

    /// <summary>True when there was nothing at the start.</summary>
    public bool Fresh => atStart.IsEmpty;

    public bool Holds(UnitId unit) => units.Find(unit) is not null;

    /// <summary>Sets or removes a unit.</summary>
    public Task PutAsync(UnitId unit, MemoryUnit? content)
    {
        lock (before) before.TryAdd(unit, atStart.GetValueOrDefault(unit));
        return units.PutAsync(this, unit, content);
    }

    /// <summary>What was put stays.</summary>
    public void Commit() => units.Thaw(this);

    /// <summary>Sets everything back, unless others have written meanwhile, and lets writers in.</summary>
    public async Task UndoAsync()
    {
        if (!online) await units.PutBackAsync(before);
        units.Thaw(this);
    }
}

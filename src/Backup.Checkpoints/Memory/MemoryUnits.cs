using System.Collections.Immutable;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Checkpoints.Memory;

/// <summary>
/// The units of one store that one process holds. A change is one swap of an immutable map, so a cut is a reference to the map as it
/// is: it costs nothing, sees one instant, and the first write after it leaves the pre-image with the cut. Safe for concurrent use.
/// </summary>
public sealed class MemoryUnits(long byteLimit)
{
    private readonly Lock gate = new();
    private volatile ImmutableSortedDictionary<UnitId, MemoryUnit> units = ImmutableSortedDictionary<UnitId, MemoryUnit>.Empty;
    private volatile ImmutableSortedSet<UnitId> lost = ImmutableSortedSet<UnitId>.Empty;
    private object? restoring;

    /// <summary>Bytes held.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that may be held.</summary>
    public long ByteLimit => byteLimit;

    /// <summary>Number of units held.</summary>
    public int Count => units.Count;

    /// <summary>Units that were held and are gone without having been deleted.</summary>
    public IReadOnlyCollection<UnitId> Lost => lost;

    internal ImmutableSortedDictionary<UnitId, MemoryUnit> Snapshot => units;

    /// <summary>Says that units were held elsewhere and are gone: lost, which is not deleted.</summary>
    public void MarkLost(IEnumerable<UnitId> gone)
    {
        lock (gate) lost = lost.Union(gone.Where(u => !units.ContainsKey(u)));
    }

    /// <summary>Removes a unit on purpose.</summary>
    public void Delete(UnitId unit)
    {
        lock (gate)
        {
            EnsureOpen(null);
            Swap(unit, null);
        }
    }

    /// <exception cref="BackupException">Failed: the unit was lost with the process that held it.</exception>
    internal MemoryUnit Read(UnitId unit) => units.TryGetValue(unit, out var found) ? found : !lost.Contains(unit) ? MemoryUnit.Empty
        : throw new BackupException(ErrorKind.Failed, $"{unit} was lost with the silo that held it",
            "It was not deleted. Restore it from a backup, or delete it to start anew.");

    /// <summary>Replaces a unit by what <paramref name="change"/> makes of it.</summary>
    /// <exception cref="BackupException">Failed: there is no room, or the unit was lost. Conflict: a restore has the store. Nothing was changed.</exception>
    internal void Change(UnitId unit, Func<MemoryUnit, MemoryUnit> change)
    {
        lock (gate)
        {
            EnsureOpen(null);
            Swap(unit, change(Read(unit)));
        }
    }

    /// <summary>Keeps other writers out until the session ends; null for a session that leaves them in.</summary>
    internal void Freeze(object session)
    {
        lock (gate)
        {
            EnsureOpen(session);
            restoring = session;
        }
    }

    internal void Thaw(object session)
    {
        lock (gate)
            if (restoring == session) restoring = null;
    }

    /// <summary>Sets or removes a unit on behalf of a restore; it is lost no more.</summary>
    internal void Put(object session, UnitId unit, MemoryUnit? content)
    {
        lock (gate)
        {
            EnsureOpen(session);
            Swap(unit, content);
        }
    }

    private void Swap(UnitId unit, MemoryUnit? next)
    {
        var before = units.TryGetValue(unit, out var old) ? old.Bytes : 0;
        var after = next is null || next.Records.IsEmpty ? 0 : next.Bytes;
        if (after > before && Bytes - before + after > byteLimit)
            throw new BackupException(ErrorKind.Failed, $"no room in the memory store: {Bytes} of {byteLimit} bytes are taken, {unit} needs {after - before} more",
                "Nothing was changed. Delete threads, add silos, or raise the limit.");
        units = after == 0 ? units.Remove(unit) : units.SetItem(unit, next!);
        lost = lost.Remove(unit);
        Bytes += after - before;
    }

    private void EnsureOpen(object? session)
    {
        if (restoring is not null && restoring != session)
            throw new BackupException(ErrorKind.Conflict, "the memory store is being restored", "Nothing was changed. Wait for the restore, or restore with --online.");
    }
}

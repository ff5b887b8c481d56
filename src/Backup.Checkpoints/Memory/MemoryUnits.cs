using System.Collections.Immutable;
using Backup.Checkpoints.Model;
using Backup.Contracts;

namespace Backup.Checkpoints.Memory;

/// <summary>
/// The units of one store that one process holds. A change is one swap of an immutable map, so a snapshot is a reference to the map
/// as it is: it costs nothing, sees one instant, and the first write after it leaves the pre-image with the snapshot. Safe for
/// concurrent use.
/// </summary>
/// <param name="byteLimit">Bytes that fit.</param>
/// <param name="time">Clock of what is noted of changes; the system's when null.</param>
public sealed class MemoryUnits(long byteLimit, TimeProvider? time = null)
{
    private const int TimesKept = 200_000;
    private readonly Lock gate = new();
    private readonly HashSet<string> holds = [];
    private readonly HashSet<UnitId> moving = [];
    private readonly ChangeTimes changes = new(TimesKept);
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly UnitHistory history = new(time ?? TimeProvider.System);
    private ulong position;
    private volatile ImmutableSortedDictionary<UnitId, MemoryUnit> units = ImmutableSortedDictionary<UnitId, MemoryUnit>.Empty;
    private TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private object? restoring;
    private bool leaving;
    private long bytes;

    /// <summary>Bytes held.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Number of units held.</summary>
    public int Count => units.Count;

    internal ImmutableSortedDictionary<UnitId, MemoryUnit> Current => units;

    /// <summary>The unit, or null when this process does not hold it.</summary>
    public MemoryUnit? Find(UnitId unit) => units.GetValueOrDefault(unit);

    /// <summary>
    /// When the unit was first changed behind a cut, its removal counted; null when it was not, as far as this process knows. The cut's time, or the smallest there
    /// is, where that is not known better.
    /// </summary>
    /// <param name="unit">The unit.</param>
    /// <param name="cut">The cut's time; null for since ever.</param>
    public DateTimeOffset? ChangedSince(UnitId unit, DateTimeOffset? cut)
    {
        lock (gate) return changes.Since(unit, cut);
    }

    /// <summary>Replaces a unit by what <paramref name="change"/> makes of it; null or a unit without records removes it. Waits while a cut holds the writers.</summary>
    /// <exception cref="BackupException">
    /// Failed: there is no room. Conflict: a restore has the store. Unreachable: the unit is being moved elsewhere. Nothing was changed.
    /// </exception>
    public Task ChangeAsync(UnitId unit, Func<MemoryUnit, MemoryUnit?> change) => WriteAsync(() => Swap(unit, Changed(unit, change)));

    /// <summary>Throws what <see cref="ChangeAsync"/> of that unit would throw now.</summary>
    public void EnsureChangeable(UnitId unit, Func<MemoryUnit, MemoryUnit?> change)
    {
        lock (gate) EnsureRoom(unit, Changed(unit, change));
    }

    /// <summary>Holds the writers until the snapshot of that cut is taken or let go.</summary>
    /// <exception cref="BackupException">Conflict: a restore other than <paramref name="session"/> has the store. Unreachable: units are being moved away.</exception>
    internal void Hold(string cut, object? session)
    {
        lock (gate)
        {
            EnsureOpen(session);
            if (leaving) throw Moving("the silo is leaving the cluster");
            holds.Add(cut);
        }
    }

    /// <summary>The units of this instant; writers go on.</summary>
    /// <exception cref="BackupException">Unreachable: that cut does not hold the writers any more, or a later one was taken.</exception>
    internal MemorySnapshot Take(string cut, CutPlace place)
    {
        lock (gate)
        {
            if (!holds.Contains(cut)) throw new BackupException(ErrorKind.Unreachable, "the silos took too long to agree on a cut", "Nothing was changed. Try again.");
            if (place.Position <= position) throw new BackupException(ErrorKind.Unreachable, "another cut was taken meanwhile", "Nothing was changed. Try again.");
            var snapshot = new MemorySnapshot(units);
            Reach(place);
            LetGo(cut);
            return snapshot;
        }
    }

    /// <summary>The position of the newest cut, and whether a change log needs what was there.</summary>
    internal (ulong Position, bool Logged) Stand
    {
        get
        {
            lock (gate) return (position, history.IsKept);
        }
    }

    /// <summary>Moves the newest cut of a change log to a later position, when nothing was changed since.</summary>
    internal bool Pass(ulong from, ulong to)
    {
        lock (gate)
        {
            history.Ask();
            if (to <= position || history.At(from) is not { } past || !ReferenceEquals(past.Units, units)) return false;
            Reach(new(to, true, past.Parts));
            return true;
        }
    }

    /// <summary>Looks at what a change log needs.</summary>
    internal T Ask<T>(Func<UnitHistory, T> ask)
    {
        lock (gate)
        {
            history.Ask();
            return ask(history);
        }
    }

    /// <summary>Lets the writers go on without a snapshot.</summary>
    internal void LetGo(string cut)
    {
        lock (gate)
        {
            if (!holds.Remove(cut) || holds.Count > 0) return;
            released.SetResult();
            released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Keeps other writers out until the session ends.</summary>
    /// <exception cref="BackupException">Conflict: another restore has the store. Unreachable: units are being moved away.</exception>
    internal void Freeze(object session)
    {
        lock (gate)
        {
            EnsureOpen(session);
            if (leaving) throw Moving("the silo is leaving the cluster");
            restoring = session;
        }
    }

    internal void Thaw(object session)
    {
        lock (gate)
            if (restoring == session) restoring = null;
    }

    /// <summary>Sets or removes a unit on behalf of a restore.</summary>
    internal Task PutAsync(object session, UnitId unit, MemoryUnit? content) => WriteAsync(() =>
    {
        EnsureOpen(session);
        EnsureStays(unit);
        Swap(unit, content);
    });

    /// <summary>Sets units back to what they were. What was there fits again, whatever was put between.</summary>
    internal Task PutBackAsync(IEnumerable<KeyValuePair<UnitId, MemoryUnit?>> before) => WriteAsync(() =>
    {
        foreach (var (unit, content) in before) Change(unit, content);
    });

    /// <summary>Takes over whole units from another process, all or none of them.</summary>
    /// <exception cref="BackupException">Failed: there is no room. Unreachable: this process hands its own units over.</exception>
    internal Task AdoptAsync(IReadOnlyList<(UnitId Unit, MemoryUnit Content)> adopted) => WriteAsync(() =>
    {
        if (leaving) throw Moving("the silo is leaving the cluster");
        var more = adopted.Sum(a => a.Content.Bytes - (units.GetValueOrDefault(a.Unit)?.Bytes ?? 0));
        if (bytes + more > byteLimit) throw NoRoom($"{adopted.Count} threads of a silo that leaves", more);
        foreach (var (unit, content) in adopted)
        {
            // Whether and when it changed is known where it comes from.
            changes.Changed(unit, DateTimeOffset.MinValue);
            Set(unit, content);
        }
    });

    /// <summary>From now on units are handed over: nothing new is taken in, and no cut is begun.</summary>
    internal Task LeaveAsync() => WriteAsync(() => leaving = true);

    /// <summary>Refuses writes to these units until <see cref="EndMove"/>.</summary>
    internal void BeginMove(IEnumerable<UnitId> leave)
    {
        lock (gate) moving.UnionWith(leave);
    }

    /// <summary>The units are elsewhere now, or stay.</summary>
    internal void EndMove(IReadOnlyCollection<UnitId> left, bool moved)
    {
        lock (gate)
        {
            moving.ExceptWith(left);
            if (!moved) return;
            foreach (var unit in left) Set(unit, null);
        }
    }

    private void Reach(CutPlace place)
    {
        position = place.Position;
        changes.Cut(CutPlace.Time(position));
        if (place.Logged) history.Add(new(position, place.Parts, units));
    }

    private MemoryUnit? Changed(UnitId unit, Func<MemoryUnit, MemoryUnit?> change)
    {
        EnsureOpen(null);
        EnsureStays(unit);
        return change(units.GetValueOrDefault(unit) ?? MemoryUnit.Empty);
    }

    private async Task WriteAsync(Action write)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (holds.Count == 0)
                {
                    write();
                    return;
                }
                wait = released.Task;
            }
            await wait;
        }
    }

    private void Swap(UnitId unit, MemoryUnit? next)
    {
        EnsureRoom(unit, next);
        Change(unit, next);
    }

    private void Change(UnitId unit, MemoryUnit? next)
    {
        changes.Changed(unit, time.GetUtcNow());
        Set(unit, next);
    }

    private void EnsureRoom(UnitId unit, MemoryUnit? next)
    {
        var more = Size(next) - Size(units.GetValueOrDefault(unit));
        if (more > 0 && bytes + more > byteLimit) throw NoRoom($"{unit}", more);
    }

    private void Set(UnitId unit, MemoryUnit? next)
    {
        bytes += Size(next) - Size(units.GetValueOrDefault(unit));
        units = Size(next) == 0 ? units.Remove(unit) : units.SetItem(unit, next!);
    }

    private void EnsureOpen(object? session)
    {
        if (restoring is not null && restoring != session)
            throw new BackupException(ErrorKind.Conflict, "the memory store is being restored", "Nothing was changed. Wait for the restore, or restore with --online.");
    }

    private void EnsureStays(UnitId unit)
    {
        if (moving.Contains(unit) || (leaving && !units.ContainsKey(unit))) throw Moving($"{unit} is being moved to another silo");
    }

    private static long Size(MemoryUnit? unit) => unit is null || unit.Records.IsEmpty ? 0 : unit.Bytes;

    private static BackupException Moving(string why) => new(ErrorKind.Unreachable, why, "Nothing was changed. Call again.");

    private BackupException NoRoom(string what, long more) => new(ErrorKind.Failed,
        $"no room in the memory store: {bytes} of {byteLimit} bytes are taken, {what} needs {more} more",
        "Nothing was changed. Delete threads, add silos, or raise MemoryLimitMB.");
}

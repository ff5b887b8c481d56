using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Grains.Memory.Directory;
using Orleans.Runtime;

namespace Backup.Grains.Memory;

/// <summary>
/// One thread of a store as this silo may serve it: only the silo the directory calls its holder writes it, and only what is nobody's is
/// empty. Two activations of a thread on two silos so never both write.
/// </summary>
internal sealed class HeldThread(string store, UnitId unit, MemoryUnits units, ThreadDirectory directory, SiloMap map)
{
    /// <summary>What the thread holds.</summary>
    /// <exception cref="BackupException">Failed: it was lost with its silo. Unreachable: another silo holds it.</exception>
    public async Task<MemoryUnit> ReadAsync()
    {
        if (units.Find(unit) is { } held) return held;
        var (holder, _) = await directory.FindAsync(store, unit);
        // It may have come while the directory was asked.
        if (units.Find(unit) is { } come) return come;
        if (holder is not null && !holder.Equals(map.Local)) await RefuseAsync(holder);
        return MemoryUnit.Empty;
    }

    /// <summary>Replaces what the thread holds. A new thread is in the directory before it holds anything.</summary>
    /// <exception cref="BackupException">Failed: no room, or it was lost. Conflict: the store is being restored. Unreachable: another silo holds it. Nothing was changed.</exception>
    public async Task ChangeAsync(Func<MemoryUnit, MemoryUnit> change)
    {
        if (units.Find(unit) is null)
        {
            // What would be refused anyway is not registered: it would be called lost with this silo.
            units.EnsureChangeable(unit, change);
            var holder = await directory.ClaimAsync(store, unit, map.Local);
            if (!holder.Equals(map.Local)) await RefuseAsync(holder);
        }
        await units.ChangeAsync(unit, change);
    }

    /// <summary>Deletes the thread on purpose; a lost one is lost no more.</summary>
    /// <exception cref="BackupException">Conflict: the store is being restored. Unreachable: another silo holds it.</exception>
    public async Task DeleteAsync()
    {
        var (holder, _) = await directory.FindAsync(store, unit);
        if (holder is not null && !holder.Equals(map.Local) && !await map.IsGoneAsync(holder)) await RefuseAsync(holder);
        await units.ChangeAsync(unit, _ => null);
        if (holder is not null) await directory.AssignAsync(store, [KeyValuePair.Create(unit, (SiloAddress?)null)]);
    }

    /// <summary>What the thread has that is not captured.</summary>
    /// <param name="captured">How far it is captured; null for not at all.</param>
    /// <param name="clock">Clock.</param>
    /// <exception cref="BackupException">Unreachable: another silo holds it.</exception>
    public async Task<PendingChanges> PendingAsync(ThreadCapture? captured, TimeProvider clock)
    {
        MemoryUnit now;
        try
        {
            now = await ReadAsync();
        }
        catch (BackupException error) when (error.Kind == ErrorKind.Failed)
        {
            return Of(PendingState.Lost, captured?.Time);
        }
        var since = units.ChangedSince(unit, captured?.Time);
        // Where the content is known that was captured, what was changed and changed back is captured as it is.
        var same = captured is { Exists: null } ? since is null : captured?.Digest == now.Digest;
        if (same) return Of(PendingState.None, null);
        return Of(PendingState.Pending, (since ?? captured?.Time) is { } at && at > DateTimeOffset.MinValue ? at : null);

        PendingChanges Of(PendingState state, DateTimeOffset? since) => new(state, since, LogQueries.Lag(since, clock));
    }

    private async Task RefuseAsync(SiloAddress holder)
    {
        if (await map.IsGoneAsync(holder))
            throw new BackupException(ErrorKind.Failed, $"thread {unit} was lost with silo {holder} that held it",
                "It was not deleted. Restore it from a backup, or delete it to start anew.");
        throw new BackupException(ErrorKind.Unreachable, $"thread {unit} is held by silo {holder} now", "Nothing was changed. Call again.");
    }
}

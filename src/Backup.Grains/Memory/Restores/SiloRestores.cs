using System.Collections.Concurrent;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Grains.Memory.Directory;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.Memory.Restores;

/// <summary>This silo's parts of the restores into memory stores. One whose coordinator is silent is undone, and the store let go.</summary>
internal sealed class SiloRestores : IDisposable
{
    private readonly ConcurrentDictionary<string, SiloRestore> sessions = new();
    private readonly MemoryStores stores;
    private readonly ThreadDirectory directory;
    private readonly SiloMap map;
    private readonly MemoryTimings timings;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ITimer expiry;

    public SiloRestores(MemoryStores stores, ThreadDirectory directory, SiloMap map, MemoryTimings timings, TimeProvider time, ILogger<SiloRestores> logger)
    {
        (this.stores, this.directory, this.map, this.timings, this.time, this.logger) = (stores, directory, map, timings, time, logger);
        expiry = time.CreateTimer(_ => _ = ExpireAsync(), null, timings.RestoreLease / 6, timings.RestoreLease / 6);
    }

    /// <summary>Begins; returns true when the store is empty here.</summary>
    public bool Open(string store, string session, bool online)
    {
        var opened = new SiloRestore(store, new(stores.Units(store), online), directory, map, online) { Heard = time.GetTimestamp() };
        sessions[session] = opened;
        return opened.Restore.Fresh;
    }

    /// <summary>The restore's changes to the units of this silo; says that its coordinator is there.</summary>
    /// <exception cref="BackupException">Failed: it was undone.</exception>
    public MemoryRestore Find(string session) => Open(session).Restore;

    public Task PutAsync(string session, IReadOnlyList<UnitPiece> pieces) => Open(session).PutAsync(pieces);

    public Task RemoveAsync(string session, IReadOnlyList<string> units) => Open(session).RemoveAsync([.. units.Select(UnitName.Parse)]);

    public async Task CommitAsync(string session)
    {
        await Open(session).CommitAsync();
        sessions.TryRemove(session, out _);
    }

    public async Task UndoAsync(string session)
    {
        if (sessions.TryRemove(session, out var opened)) await opened.UndoAsync();
    }

    /// <summary>Undoes every restore: this silo leaves.</summary>
    public Task UndoAllAsync() => Task.WhenAll(sessions.Keys.Select(UndoAsync));

    public void Dispose() => expiry.Dispose();

    private SiloRestore Open(string session)
    {
        if (!sessions.TryGetValue(session, out var opened))
            throw new BackupException(ErrorKind.Failed, $"silo {map.Local} has undone the restore, for its coordinator was silent or the silo is leaving", "Run the restore again.");
        opened.Heard = time.GetTimestamp();
        return opened;
    }

    private async Task ExpireAsync()
    {
        foreach (var (session, opened) in sessions)
        {
            if (time.GetElapsedTime(opened.Heard) <= timings.RestoreLease) continue;
            RestoreLog.Abandoned(logger, opened.Store);
            try
            {
                await UndoAsync(session);
            }
            catch (Exception error)
            {
                RestoreLog.UndoFailed(logger, error, opened.Store);
            }
        }
    }
}

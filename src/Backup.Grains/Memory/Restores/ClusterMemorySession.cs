using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Grains.Memory.Cuts;
using Backup.Grains.Memory.Directory;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Restores;

/// <summary>A restore over all silos. A unit stays with its holder; a new one goes where a client's would.</summary>
internal sealed class ClusterMemorySession : ITargetSession
{
    private const int Loaders = 4;
    private readonly string store;
    private readonly string session;
    private readonly IReadOnlyList<SiloAddress> targets;
    private readonly MemorySilos silos;
    private readonly ThreadDirectory directory;
    private readonly CutBarrier barrier;
    private readonly ITimer renewing;
    private bool committed;

    private ClusterMemorySession(string store, string session, IReadOnlyList<SiloAddress> targets, bool fresh, TargetIntent intent, MemorySilos silos, ThreadDirectory directory, CutBarrier barrier, MemoryTimings timings, TimeProvider time)
    {
        (this.store, this.session, this.targets, Fresh) = (store, session, targets, fresh);
        (this.silos, this.directory, this.barrier, Dropped) = (silos, directory, barrier, LayoutOrigin.DroppedBy(intent));
        renewing = time.CreateTimer(_ => Renew(), null, timings.RestoreLease / 6, timings.RestoreLease / 6);
    }

    public bool Fresh { get; }

    public int MaxLoaders => Loaders;

    public IReadOnlyList<DroppedExtra> Dropped { get; }

    /// <summary>Begins on every silo, or on none.</summary>
    /// <exception cref="BackupException">Conflict: another restore has the store. Unreachable.</exception>
    public static async Task<ClusterMemorySession> OpenAsync(string store, TargetIntent intent, MemorySilos silos, ThreadDirectory directory, CutBarrier barrier, MemoryTimings timings, TimeProvider time)
    {
        var session = Randomness.Token(16);
        var targets = silos.Map.Active;
        try
        {
            var fresh = await Task.WhenAll(targets.Select(s => silos.Grain(s).OpenRestoreAsync(store, session, intent.Online)));
            return new(store, session, targets, fresh.All(f => f), intent, silos, directory, barrier, timings, time);
        }
        catch (Exception error)
        {
            foreach (var silo in targets) silos.Tell(silo, g => g.UndoRestoreAsync(session));
            if (error is OrleansException or TimeoutException) throw NoAnswer(error);
            throw;
        }
    }

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => Task.FromResult<ITargetLoader>(new ClusterMemoryLoader(this));

    public async Task<ISourceCut> ReadAsync(CancellationToken cancellation) => await barrier.TakeAsync(store, session, cancellation);

    public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation)
    {
        var names = units.Select(UnitName.Of).ToList();
        return EveryAsync(g => g.RemoveRestoreAsync(session, names));
    }

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public async Task CommitAsync(CancellationToken cancellation)
    {
        await EveryAsync(g => g.CommitRestoreAsync(session));
        committed = true;
    }

    public async ValueTask DisposeAsync()
    {
        await renewing.DisposeAsync();
        if (committed) return;
        foreach (var silo in targets)
        {
            try
            {
                await silos.Grain(silo).UndoRestoreAsync(session);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or BackupException)
            {
                // A silo that does not hear this undoes the restore when it has not heard of it for a while.
            }
        }
    }

    /// <summary>Where a unit is put: with its holder, or on the silo chosen for it.</summary>
    public async Task<SiloAddress> PlaceAsync(UnitId unit)
    {
        var (holder, leaving) = await directory.FindAsync(store, unit);
        if (holder is not null && targets.Contains(holder)) return holder;
        if (holder is not null && !await silos.Map.IsGoneAsync(holder))
            throw new BackupException(ErrorKind.Unreachable, $"silo {holder} holds {unit} and joined after the restore began", "Run the restore again.");
        var staying = targets.Except(leaving).ToList();
        return SiloMap.Choose(unit, staying.Count > 0 ? staying : targets);
    }

    /// <summary>Sends pieces of units to a silo.</summary>
    public Task PutAsync(SiloAddress silo, IReadOnlyList<UnitPiece> pieces) => AnswerAsync(() => silos.Grain(silo).PutRestoreAsync(session, pieces));

    private Task EveryAsync(Func<IMemorySiloGrain, Task> ask) => AnswerAsync(() => Task.WhenAll(targets.Select(s => ask(silos.Grain(s)))));

    private static async Task AnswerAsync(Func<Task> ask)
    {
        try
        {
            await ask();
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            throw NoAnswer(error);
        }
    }

    private static BackupException NoAnswer(Exception error) =>
        new(ErrorKind.Unreachable, $"a silo does not answer: {error.Message}", "The restore was not called done. Run it again; what stands there already is not written twice.", error);

    private void Renew()
    {
        foreach (var silo in targets) silos.Tell(silo, g => g.RenewRestoreAsync(session));
    }
}

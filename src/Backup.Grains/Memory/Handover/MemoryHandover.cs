using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Grains.Memory.Directory;
using Backup.Grains.Memory.Restores;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Handover;

/// <summary>Hands this silo's units over to the others when it leaves in order, before its grains stop.</summary>
internal sealed class MemoryHandover(MemoryStores stores, MemorySilos silos, ThreadDirectory directory, SiloRestores restores, TimeProvider time, ILogger<MemoryHandover> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(MemoryHandover), ServiceLifecycleStage.Active + 1, _ => Task.CompletedTask, LeaveAsync);

    private async Task LeaveAsync(CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested) return;
        foreach (var store in stores.Names)
        {
            var units = stores.Units(store);
            var had = units.Count;
            try
            {
                await restores.UndoAllAsync();
                await units.LeaveAsync();
                if (had > 0 && Others().Count > 0) await HandOverAsync(store, units, cancellation);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or OperationCanceledException or BackupException)
            {
                HandoverLog.Failed(logger, error, store);
            }
            if (units.Count > 0) HandoverLog.Lost(logger, units.Count, store);
            else if (had > 0) HandoverLog.Done(logger, had, store);
        }
    }

    private async Task HandOverAsync(string store, MemoryUnits units, CancellationToken cancellation)
    {
        await directory.LeavingAsync(store, silos.Map.Local);
        var refused = new HashSet<UnitId>();
        while (true)
        {
            var window = NextWindow(units, refused);
            if (window.Count == 0) return;
            foreach (var part in window.GroupBy(u => SiloMap.Choose(u, Others())).ToList())
            {
                // Where there is no room for all of them there may be for some.
                foreach (var unit in await MoveAsync(store, units, part.ToList(), part.Key, cancellation))
                    refused.UnionWith(await MoveAsync(store, units, [unit], part.Key, cancellation));
            }
        }
    }

    // Writes are refused for no more than a window's units at a time.
    private static List<UnitId> NextWindow(MemoryUnits units, HashSet<UnitId> refused)
    {
        var window = new List<UnitId>();
        long bytes = 0;
        foreach (var (unit, content) in units.Current)
        {
            if (refused.Contains(unit)) continue;
            if (window.Count > 0 && bytes + content.Bytes > UnitPage.Size) break;
            window.Add(unit);
            bytes += content.Bytes;
        }
        return window;
    }

    // Returns the units that no silo took.
    private async Task<IReadOnlyList<UnitId>> MoveAsync(string store, MemoryUnits units, IReadOnlyList<UnitId> moving, SiloAddress first, CancellationToken cancellation)
    {
        units.BeginMove(moving);
        try
        {
            foreach (var target in Others().OrderBy(s => !s.Equals(first)).ToList())
            {
                if (moving.Count == 0) break;
                await SendAsync(store, units, moving, target, cancellation);
                moving = [.. moving.Where(u => units.Find(u) is not null)];
            }
            return moving;
        }
        finally
        {
            units.EndMove(moving, moved: false);
        }
    }

    private async Task SendAsync(string store, MemoryUnits units, IReadOnlyList<UnitId> moving, SiloAddress target, CancellationToken cancellation)
    {
        for (PagePosition? next = new(0, 0); next is { } from;)
        {
            var page = UnitPage.Of(moving, from, units.Find);
            if (!await AdoptedAsync(store, page.Pieces, target, cancellation)) return;
            units.EndMove([.. page.Pieces.Where(p => p.Last).Select(p => UnitName.Parse(p.Unit))], moved: true);
            next = page.Next;
        }
    }

    // A silo that does not answer may have taken the units: no other gets them before that one has answered or is gone.
    private async Task<bool> AdoptedAsync(string store, IReadOnlyList<UnitPiece> pieces, SiloAddress target, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await silos.Grain(target).AdoptAsync(store, silos.Map.Local, pieces);
                return true;
            }
            catch (BackupException error)
            {
                HandoverLog.Refused(logger, error, target, pieces.Count);
                return false;
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                if (await silos.Map.IsGoneAsync(target)) return false;
            }
            await Task.Delay(Pause, time, cancellation);
        }
    }

    private IReadOnlyList<SiloAddress> Others() => [.. silos.Map.Active.Where(s => !s.Equals(silos.Map.Local))];
}

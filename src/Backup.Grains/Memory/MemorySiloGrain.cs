using Backup.Grains.Memory.Cuts;
using Backup.Grains.Memory.Handover;
using Backup.Grains.Memory.Log;
using Backup.Grains.Memory.Restores;
using Backup.Grains.Placement;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Backup.Grains.Memory;

/// <summary>Reaches a silo's part of the memory stores from other silos.</summary>
[SlotPlacement, Reentrant]
internal sealed class MemorySiloGrain(SiloCuts cuts, SiloRestores restores, Adoption adoption, SiloLog log) : Grain, IMemorySiloGrain
{
    public Task<CutStand> PrepareAsync(string store, string cut, string? session) => Task.FromResult(cuts.Prepare(store, cut, session is null ? null : restores.Find(session)));

    public Task<int> TakeAsync(string store, string cut, string keeper, ulong position, bool logged, IReadOnlyList<SiloAddress> parts) =>
        Task.FromResult(cuts.Take(store, cut, keeper, new(position, logged, [.. parts.Select(p => p.ToParsableString())])));

    public Task AbandonAsync(string store, string cut)
    {
        cuts.Abandon(store, cut);
        return Task.CompletedTask;
    }

    public Task<bool> KeepAsync(string cut, string keeper) => Task.FromResult(cuts.Keep(cut, keeper));

    public Task ReleaseAsync(string cut, string keeper)
    {
        cuts.Release(cut, keeper);
        return Task.CompletedTask;
    }

    // Listing a large snapshot for the first time takes longer than a grain should block.
    public Task<IReadOnlyList<ShardRange>?> PlanAsync(string cut, int wanted) =>
        Task.Run<IReadOnlyList<ShardRange>?>(() => cuts.Find(cut)?.Plan(wanted).Select(s => new ShardRange(s.Kind, s.From, s.To)).ToList());

    public Task<IReadOnlyList<string>?> ListAsync(string cut, string? after) => Task.Run(() => cuts.List(cut, after));

    public Task<UnitPage?> ReadAsync(string cut, IReadOnlyList<string> units, PagePosition from) =>
        Task.FromResult(cuts.Find(cut) is { } snapshot ? UnitPage.Of([.. units.Select(UnitName.Parse)], from, snapshot.Find) : null);

    public Task<bool> OpenRestoreAsync(string store, string session, bool online) => Task.FromResult(restores.Open(store, session, online));

    public Task RenewRestoreAsync(string session)
    {
        restores.Find(session);
        return Task.CompletedTask;
    }

    public Task PutRestoreAsync(string session, IReadOnlyList<UnitPiece> pieces) => restores.PutAsync(session, pieces);

    public Task RemoveRestoreAsync(string session, IReadOnlyList<string> units) => restores.RemoveAsync(session, units);

    public Task CommitRestoreAsync(string session) => restores.CommitAsync(session);

    public Task UndoRestoreAsync(string session) => restores.UndoAsync(session);

    public Task AdoptAsync(string store, SiloAddress from, IReadOnlyList<UnitPiece> pieces) => adoption.AdoptAsync(store, from, pieces);

    public Task<CutStand> StandAsync(string store) => Task.FromResult(log.Stand(store));

    public Task<IReadOnlyList<SiloAddress>?> LogPartsAsync(string store, ulong position) => Task.FromResult(log.Parts(store, position));

    public Task<bool> LogPassAsync(string store, ulong from, ulong to) => Task.FromResult(log.Pass(store, from, to));

    public Task<IReadOnlyList<ulong>> LogPositionsAsync(string store, ulong from, ulong to) => Task.FromResult(log.Positions(store, from, to));

    public Task<LogPage> LogReadAsync(string store, LogSpan span, PagePosition from) => Task.Run(() => log.Read(store, span, from));

    public Task LogTrimAsync(string store, ulong position)
    {
        log.Trim(store, position);
        return Task.CompletedTask;
    }

    public Task<long> LogRetainedAsync(string store) => Task.Run(() => log.Retained(store));

    public Task LogDropAsync(string store)
    {
        log.Drop(store);
        return Task.CompletedTask;
    }
}

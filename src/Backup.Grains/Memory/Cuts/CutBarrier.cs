using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Grains.Memory.Directory;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Cuts;

/// <summary>
/// Takes a cut over all silos: every silo holds the writers of the store, and only when all do, all take their snapshots. A write
/// acknowledged before is in every snapshot it belongs to; one that follows from a write behind the cut is behind it too, since it
/// waits for its own silo's snapshot. A silo that does not answer in time lets its writers go, and the cut is tried again.
/// </summary>
internal sealed class CutBarrier(MemorySilos silos, ThreadDirectory directory, MemoryTimings timings, TimeProvider time)
{
    private const int LostShown = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Takes a cut of a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="session">The restore it is taken for, or null.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="logAfter">The cut is a change log's, and lies behind this position; null for other cuts.</param>
    /// <exception cref="BackupException">Conflict: a restore has the store. Unreachable: the silos did not agree.</exception>
    public async Task<ClusterMemoryCut> TakeAsync(string store, string? session, CancellationToken cancellation, ulong? logAfter = null)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await TryAsync(store, session, logAfter);
            }
            catch (Exception error) when (IsPassing(error))
            {
                if (time.GetElapsedTime(started) > timings.Agree)
                    throw error as BackupException ?? new BackupException(ErrorKind.Unreachable, $"the silos do not agree on a cut of '{store}': {error.Message}", "Nothing was changed. Try again.", error);
            }
            await Task.Delay(Pause, time, cancellation);
        }
    }

    private async Task<ClusterMemoryCut> TryAsync(string store, string? session, ulong? logAfter)
    {
        var parts = silos.Map.Active;
        var cut = Randomness.Token(16);
        var keeper = Randomness.Token(8);
        try
        {
            var stands = await Task.WhenAll(parts.Select(p => silos.Grain(p).PrepareAsync(store, cut, session).WaitAsync(timings.Hold, time)));
            var position = CutPlace.Behind(Math.Max(stands.Max(s => s.Position), logAfter ?? 0), time.GetUtcNow());
            var logged = logAfter is not null || stands.Any(s => s.Logged);
            var counts = await Task.WhenAll(parts.Select(p => silos.Grain(p).TakeAsync(store, cut, keeper, position, logged, parts).WaitAsync(timings.Hold, time)));
            var lost = await LostAsync(store, parts);
            var held = new CutParts(cut, parts);
            return new(silos, held, keeper, timings, time, new()
            {
                Token = held.ToString(), Time = CutPlace.Time(position), Position = LogPosition.ToText(position),
                Identity = new Dictionary<string, string> { [LogTarget.PositionExact] = "true" }, Layout = MemoryStore.Layout,
                UnitsEstimate = counts.Sum(), Lost = lost.Count, Warnings = lost.Warnings,
            });
        }
        catch
        {
            foreach (var part in parts) silos.Tell(part, g => g.AbandonAsync(store, cut));
            throw;
        }
    }

    // Every unit that was ever acknowledged has a holder in the directory: those of no part are lost, or the cut is not whole.
    private async Task<(long Count, IReadOnlyList<string> Warnings)> LostAsync(string store, IReadOnlyList<SiloAddress> parts)
    {
        var strays = await directory.StraysAsync(store, parts);
        foreach (var stray in strays)
            if (!await silos.Map.IsGoneAsync(stray.Silo))
                throw new BackupException(ErrorKind.Unreachable, $"silo {stray.Silo} holds {stray.Count} threads of '{store}' and took no part in the cut", "Nothing was changed. Try again.");
        if (strays.Count == 0) return (0, []);
        var first = strays.SelectMany(s => s.First).Order(StringComparer.Ordinal).Take(LostShown).Select(u => UnitName.Parse(u).ToString()).ToList();
        var count = strays.Sum(s => s.Count);
        return (count, [$"suspect: {count} threads were lost with their silo and are not in this backup; they were not deleted: {string.Join(", ", first)}{(count > first.Count ? " …" : "")}"]);
    }

    private static bool IsPassing(Exception error) =>
        error is OrleansException or TimeoutException or BackupException { Kind: ErrorKind.Unreachable or ErrorKind.Conflict };
}

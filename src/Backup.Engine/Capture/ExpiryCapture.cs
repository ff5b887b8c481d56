using Backup.Archive;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Capture;

/// <summary>Captures when units go by themselves, behind what they hold: a unit that was captured and went meanwhile is named.</summary>
public static class ExpiryCapture
{
    /// <summary>Reads and writes them; null where the source has no such thing.</summary>
    public static async Task<ExpiryReference?> RunAsync(OpenedArchive archive, ISourceCut cut, RunId run, CancellationToken cancellation)
    {
        if (cut.Expiries(cancellation) is not { } expiries) return null;
        var writer = new ExpiryWriter(archive, run);
        await foreach (var (unit, at) in expiries)
            // One that had gone by the cut was not captured; a store may keep its time for long.
            if (at is { } time && time > cut.Description.Time) await writer.AddAsync(UnitKey.Of(unit), time, cancellation);
        return await writer.FinishAsync(cancellation);
    }

    /// <summary>Copies them from a backup to one that is derived from it, which then needs nothing of the other.</summary>
    /// <exception cref="DamageException">A page is missing or not authentic.</exception>
    public static async Task<ExpiryReference?> CopyAsync(OpenedArchive archive, ExpiryReference? captured, RunId run, CancellationToken cancellation)
    {
        if (captured is null) return null;
        var writer = new ExpiryWriter(archive, run);
        await foreach (var unit in new ExpiryReader(archive, captured).ReadAllAsync(cancellation)) await writer.AddAsync(unit.Key, unit.At, cancellation);
        return await writer.FinishAsync(cancellation);
    }
}

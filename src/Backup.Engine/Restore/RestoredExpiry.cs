using Backup.Archive;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Archive.Units;
using Backup.Contracts;

namespace Backup.Engine.Restore;

/// <summary>When restored units go by themselves. One caller at a time.</summary>
internal sealed class RestoredExpiry(OpenedArchive archive, BackupManifest manifest, ExpiryPolicy policy, DateTimeOffset now)
{
    // With no times wanted, none are read: then a damaged page of them is no obstacle.
    private readonly ExpiryReader? reader = policy != ExpiryPolicy.None && manifest.Expiries is { } expiries ? new(archive, expiries) : null;

    /// <summary>True when the backup says when its units go, and so also that the others stay.</summary>
    public bool IsKnown => manifest.Expiries is not null;

    /// <summary>When a unit goes; null when it stays.</summary>
    public async ValueTask<DateTimeOffset?> OfAsync(byte[] key, CancellationToken cancellation) =>
        reader is not null && await reader.FindAsync(key, cancellation) is { } at ? Restored(at) : null;

    /// <summary>True when the time of a unit has come.</summary>
    public async ValueTask<bool> IsPastAsync(UnitEntry unit, CancellationToken cancellation) => await OfAsync(unit.Key, cancellation) <= now;

    /// <summary>What a captured time becomes.</summary>
    public DateTimeOffset Restored(DateTimeOffset at) => policy == ExpiryPolicy.Shift ? at + (now - manifest.Source.CutTime) : at;
}

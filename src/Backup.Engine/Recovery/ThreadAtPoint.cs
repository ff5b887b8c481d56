using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Index;
using Backup.Archive.Objects;
using Backup.Checkpoints.Closure;
using Backup.Checkpoints.Encoding;
using Backup.Contracts;
using Backup.Engine.Units;

namespace Backup.Engine.Recovery;

/// <summary>One thread at one point, with the records that a restore to the point would bring.</summary>
internal sealed class ThreadAtPoint
{
    private readonly ThreadContent content;
    private readonly UnitEntry? unit;
    private Func<EncodedRecord, bool> keeps = _ => true;

    private ThreadAtPoint(BackupManifest backup, ThreadContent content, UnitEntry? unit) => (Backup, this.content, this.unit) = (backup, content, unit);

    /// <summary>The backup it is read from.</summary>
    public BackupManifest Backup { get; }

    /// <summary>The checkpoint that is the point; null for a point of another kind.</summary>
    public string? Checkpoint { get; private set; }

    /// <summary>True when the thread is there.</summary>
    public bool Exists => unit is not null;

    /// <summary>Resolves a point and finds the thread.</summary>
    /// <exception cref="BackupException">As <see cref="RecoveryPoints.ResolveAsync"/>.</exception>
    public static async Task<ThreadAtPoint> FindAsync(OpenedArchive archive, BackupCatalog catalog, string source, string thread, RecoveryPoint? point, string ns, CancellationToken cancellation)
    {
        var chain = await new RecoveryPoints(archive, catalog, source).ResolveAsync(point, thread, ns, cancellation);
        var content = new ThreadContent(archive, chain);
        var found = new ThreadAtPoint(chain.Newest, content, await content.FindAsync(thread, cancellation)) { Checkpoint = point?.CheckpointId };
        if (found.Checkpoint is not { } checkpoint) return found;
        var closure = new ThreadAtCheckpoint(ns, checkpoint, CheckpointWrites.Auto);
        await found.ReadAsync(closure.Learn, cancellation);
        closure.Decide();
        found.keeps = closure.Keeps;
        return found;
    }

    /// <summary>Calls back with every record of the thread at the point. The memory of one is valid until the callback returns.</summary>
    public async Task ReadAsync(Action<EncodedRecord> record, CancellationToken cancellation)
    {
        if (unit is not null) await content.ReadAsync(unit, r => { if (keeps(r)) record(r); }, cancellation);
    }
}

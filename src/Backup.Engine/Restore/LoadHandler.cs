using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Engine.Progress;

namespace Backup.Engine.Restore;

/// <summary>Hands the records of units to a loader.</summary>
internal sealed class LoadHandler(ITargetLoader loader, RestoreSelection selection, IReadOnlySet<UnitEntry> replace, RestoredExpiry expiry, bool expires, RunProgress progress) : IUnitHandler
{
    private readonly long[] counts = new long[256]; // by the byte of the kind
    private UnitEntry? current;

    /// <summary>Records loaded.</summary>
    public WrittenRecords Written => new()
    {
        Checkpoints = counts[(int)RecordKind.Checkpoint], Blobs = counts[(int)RecordKind.ChannelBlob], Writes = counts[(int)RecordKind.PendingWrite],
        Items = counts[(int)RecordKind.StoreItem], Vectors = counts[(int)RecordKind.StoreVector],
    };

    /// <summary>Threads that go by themselves, or would where the target could do that.</summary>
    public long Expiring { get; private set; }

    public async ValueTask BeginAsync(UnitEntry unit, CancellationToken cancellation)
    {
        current = unit;
        await loader.BeginAsync(selection.Target(unit), replace.Contains(unit), cancellation);
        if (await expiry.OfAsync(unit.Key, cancellation) is not { } at) return;
        Expiring++;
        if (expires) loader.ExpireAt(at);
    }

    public ValueTask EntryAsync(int tag, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var record = new EncodedRecord(bytes, tag);
        counts[(int)record.Kind]++;
        return loader.WriteAsync(record, cancellation);
    }

    public ValueTask EndAsync(CancellationToken cancellation)
    {
        progress.Unit(current!.Key[0] == (byte)UnitKind.Thread, current.RawBytes);
        return loader.EndAsync(cancellation);
    }
}

using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Engine.Progress;
using Backup.Engine.Units;

namespace Backup.Engine.Capture;

/// <summary>Puts captured records into a shard of the archive and digests them on the way.</summary>
internal sealed class ArchiveSink(ShardWriter writer, RunProgress progress) : IRecordSink
{
    private UnitId unit;
    private UnitDigest digest = new();
    private long raw, reported;

    public ValueTask BeginAsync(UnitId next, CancellationToken cancellation)
    {
        unit = next;
        digest = new();
        raw = 0;
        writer.BeginUnit(UnitKey.Of(next));
        return default;
    }

    public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        digest.Add(record);
        raw += record.Bytes.Length;
        return writer.WriteAsync(record.KeyLength, record.Bytes, cancellation);
    }

    public async ValueTask EndAsync(CancellationToken cancellation)
    {
        await writer.EndUnitAsync(UnitSummary.Of(digest), cancellation);
        progress.Unit(unit.Kind == UnitKind.Thread, raw);
        progress.Bytes(0, writer.StoredBytes - reported);
        reported = writer.StoredBytes;
    }
}

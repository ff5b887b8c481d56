using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Engine.Progress;
using Backup.Engine.Units;

namespace Backup.Engine.Chains;

/// <summary>Puts units into an increment: whole, or where <paramref name="onto"/> has a base entry, as what came on top of it.</summary>
internal sealed class IncrementSink(ShardWriter writer, IReadOnlyDictionary<UnitId, UnitEntry> onto, RunProgress progress) : IRecordSink
{
    private UnitId unit;
    private UnitDigest digest = new();
    private long raw, reported;

    /// <summary>The entries of the units that came, as a later reader sees them: key, summary of the whole unit, bytes of the whole unit.</summary>
    public Dictionary<UnitId, UnitEntry> Captured { get; } = [];

    public ValueTask BeginAsync(UnitId next, CancellationToken cancellation)
    {
        (unit, digest, raw) = (next, new(), 0);
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
        if (onto.TryGetValue(unit, out var below))
        {
            var whole = UnitSummary.Read(below);
            whole.AddAll(digest);
            var summary = UnitSummary.Of(whole);
            Captured[unit] = new(UnitKey.Of(unit), summary, below.RawBytes + raw, []);
            await writer.EndDeltaAsync(summary, below.RawBytes + raw, cancellation);
        }
        else
        {
            var summary = UnitSummary.Of(digest);
            Captured[unit] = new(UnitKey.Of(unit), summary, raw, []);
            await writer.EndUnitAsync(summary, cancellation);
        }
        progress.Unit(unit.Kind == UnitKind.Thread, raw);
        progress.Bytes(0, writer.StoredBytes - reported);
        reported = writer.StoredBytes;
    }
}

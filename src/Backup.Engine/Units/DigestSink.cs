using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Engine.Units;

/// <summary>Digests captured units and keeps nothing else of them.</summary>
public sealed class DigestSink : IRecordSink
{
    private UnitId unit;
    private UnitDigest digest = new();

    /// <summary>The digests of the units captured so far.</summary>
    public Dictionary<UnitId, UnitDigest> Digests { get; } = [];

    /// <summary>Digests the named units of a store as a cut shows it; units that are not there are not in the result.</summary>
    public static async Task<Dictionary<UnitId, UnitDigest>> ReadAsync(ISourceCut cut, IReadOnlyCollection<UnitId> units, CancellationToken cancellation)
    {
        var sink = new DigestSink();
        if (units.Count > 0) await cut.CaptureAsync(units, sink, cancellation);
        return sink.Digests;
    }

    /// <inheritdoc/>
    public ValueTask BeginAsync(UnitId next, CancellationToken cancellation)
    {
        unit = next;
        digest = new();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        digest.Add(record);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask EndAsync(CancellationToken cancellation)
    {
        if (digest.Count > 0) Digests.Add(unit, digest);
        return default;
    }
}

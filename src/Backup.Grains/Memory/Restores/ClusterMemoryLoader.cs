using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Orleans.Runtime;

namespace Backup.Grains.Memory.Restores;

/// <summary>Sends units to the silos that are to hold them, about a mebibyte at a time; the next is made up when that one has arrived.</summary>
internal sealed class ClusterMemoryLoader(ClusterMemorySession session) : ITargetLoader
{
    private readonly Dictionary<SiloAddress, Batch> batches = [];
    private Batch batch = null!;
    private UnitId unit;
    private bool replacing;
    private List<MemoryRecord> records = [];

    public async ValueTask BeginAsync(UnitId next, bool replace, CancellationToken cancellation)
    {
        (unit, replacing, records) = (next, replace, []);
        var silo = await session.PlaceAsync(next);
        if (!batches.TryGetValue(silo, out var found)) batches[silo] = found = new(silo);
        batch = found;
    }

    public async ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        if (batch.Bytes > 0 && batch.Bytes + record.Bytes.Length > UnitPage.Size)
        {
            Cut(last: false);
            await SendAsync(batch, cancellation);
        }
        records.Add(new(record.Bytes.ToArray(), record.KeyLength));
        batch.Bytes += record.Bytes.Length + UnitPage.Overhead;
    }

    public ValueTask EndAsync(CancellationToken cancellation)
    {
        Cut(last: true);
        return default;
    }

    public async Task CompleteAsync(CancellationToken cancellation)
    {
        foreach (var waiting in batches.Values) await SendAsync(waiting, cancellation);
    }

    public ValueTask DisposeAsync() => default;

    private void Cut(bool last)
    {
        if (records.Count > 0 || last) batch.Pieces.Add(new(UnitName.Of(unit), records, last, replacing));
        records = [];
    }

    private async Task SendAsync(Batch full, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (full.Pieces.Count > 0) await session.PutAsync(full.Silo, full.Pieces);
        full.Pieces = [];
        full.Bytes = 0;
    }

    private sealed class Batch(SiloAddress silo)
    {
        public SiloAddress Silo => silo;
        public List<UnitPiece> Pieces { get; set; } = [];
        public long Bytes { get; set; }
    }
}

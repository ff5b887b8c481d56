using Backup.Archive.Index;
using Backup.Archive.Units;
using Backup.Checkpoints.Encoding;

namespace Backup.Engine.Units;

/// <summary>Calls back with every record of the units that are read.</summary>
internal sealed class RecordHandler(Func<EncodedRecord, CancellationToken, ValueTask> record, Func<UnitEntry, CancellationToken, ValueTask>? begin = null, Func<CancellationToken, ValueTask>? end = null) : IUnitHandler
{
    public RecordHandler(Action<EncodedRecord> record) : this((r, _) => { record(r); return default; })
    {
    }

    public ValueTask BeginAsync(UnitEntry unit, CancellationToken cancellation) => begin?.Invoke(unit, cancellation) ?? default;

    public ValueTask EntryAsync(int tag, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => record(new(bytes, tag), cancellation);

    public ValueTask EndAsync(CancellationToken cancellation) => end?.Invoke(cancellation) ?? default;
}

using System.Runtime.CompilerServices;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.Unit.Engine;

/// <summary>A dictionary store that knows when each record was written, as a database knows a row's transaction.</summary>
internal sealed class TrackedStore : ICheckpointSource
{
    private readonly Dictionary<(UnitId Unit, string Key), long> written = [];
    private long clock;

    public DictionaryStore Records { get; } = new();

    /// <summary>How many writes before a cut count as touched since then: transactions that were in progress.</summary>
    public long Slack { get; set; }

    /// <summary>What the store says of itself.</summary>
    public Continuity Continuity { get; set; } = new(ContinuityKind.GoesOn);

    /// <summary>Units that were lost, not deleted.</summary>
    public long Lost { get; set; }

    /// <summary>Tells nothing of changes: everything must be compared.</summary>
    public bool Silent { get; init; }

    /// <summary>Hears of every change before it is made: unit, the record or its key, whether it goes.</summary>
    public Action<UnitId, EncodedRecord, bool>? Changing { get; set; }

    /// <summary>Position and time of a cut, where the store has a log.</summary>
    public Func<(string Position, DateTimeOffset Time)>? Now { get; set; }

    public string Kind => "dictionary";

    public void Put(UnitId unit, RecordBuffer record)
    {
        Changing?.Invoke(unit, record.Record, false);
        Records.Put(unit, record);
        written[(unit, Convert.ToHexString(record.Record.Key.Span))] = ++clock;
    }

    public void Delete(UnitId unit)
    {
        foreach (var (bytes, key) in Records.Units[unit]) Changing?.Invoke(unit, new(bytes.AsMemory(0, key), key), true);
        Records.Units.Remove(unit);
    }

    public void Delete(UnitId unit, int record)
    {
        var (bytes, key) = Records.Units[unit][record];
        Changing?.Invoke(unit, new(bytes.AsMemory(0, key), key), true);
        Records.Units[unit].RemoveAt(record);
        if (Records.Units[unit].Count == 0) Records.Units.Remove(unit);
    }

    public async Task<ISourceCut> CutAsync(CancellationToken cancellation) => new Cut(await Records.CutAsync(cancellation), this);

    public Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) => throw new CutLostException(token);

    public ValueTask DisposeAsync() => default;

    private sealed class Cut(ISourceCut inner, TrackedStore store) : ISourceCut, IChangeTracking
    {
        public CutDescription Description { get; } = Describe(inner.Description with { Lost = store.Lost, Identity = new Dictionary<string, string> { ["clock"] = $"{store.clock - store.Slack}" } }, store);

        private static CutDescription Describe(CutDescription cut, TrackedStore store) => store.Now?.Invoke() is not var (position, time) ? cut
            : cut with { Position = position, Time = time, Identity = new Dictionary<string, string>(cut.Identity) { ["positionExact"] = "true" } };

        public IChangeTracking? Changes => store.Silent ? null : this;

        public Continuity ContinuityWith(EarlierCut earlier) => store.Continuity;

        public async IAsyncEnumerable<UnitActivity> ActivityAsync(EarlierCut earlier, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await Task.CompletedTask;
            foreach (var (unit, records) in store.Records.Units)
            {
                var counts = new long[UnitDigest.Kinds + 1];
                foreach (var (bytes, _) in records) counts[bytes[0]]++;
                yield return new(unit, records.Any(r => IsTouched(unit, r, earlier)), counts);
            }
        }

        public Task<IReadOnlyDictionary<UnitId, UnitDigest>> DigestUntouchedKeysAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyDictionary<UnitId, UnitDigest>>(units.ToDictionary(u => u, u =>
            {
                var digest = new UnitDigest();
                foreach (var record in store.Records.Units[u].Where(r => !IsTouched(u, r, earlier))) digest.AddKey((RecordKind)record.Bytes[0], record.Bytes.AsSpan(0, record.Key));
                return digest;
            }));

        public async Task CaptureTouchedAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation)
        {
            foreach (var unit in units)
            {
                await sink.BeginAsync(unit, cancellation);
                foreach (var (bytes, key) in store.Records.Units[unit].Where(r => IsTouched(unit, r, earlier))) await sink.WriteAsync(new(bytes, key), cancellation);
                await sink.EndAsync(cancellation);
            }
        }

        public Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation) => inner.PlanAsync(wanted, cancellation);

        public Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) => inner.CaptureAsync(shard, sink, cancellation);

        public Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation) => inner.CaptureAsync(units, sink, cancellation);

        public IAsyncEnumerable<UnitId> ListAsync(CancellationToken cancellation) => inner.ListAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private bool IsTouched(UnitId unit, (byte[] Bytes, int Key) record, EarlierCut earlier) =>
            store.written[(unit, Convert.ToHexString(record.Bytes.AsSpan(0, record.Key)))] > long.Parse(earlier.Identity["clock"], System.Globalization.CultureInfo.InvariantCulture);
    }
}

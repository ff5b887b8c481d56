using System.Runtime.CompilerServices;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Tests.Unit.Engine;

/// <summary>The simplest store that can be: a dictionary of encoded records. The oracle of the engine's tests.</summary>
internal sealed class DictionaryStore : ICheckpointSource, ICheckpointTarget
{
    public SortedDictionary<UnitId, List<(byte[] Bytes, int Key)>> Units { get; } = [];

    public string Kind => "dictionary";

    /// <summary>When units go by themselves; null for a store without such a thing. Some may not be there.</summary>
    public SortedDictionary<UnitId, DateTimeOffset>? Times { get; init; }

    public int Shards { get; init; } = 3;

    /// <summary>What the next cut says of itself.</summary>
    public Func<CutDescription, CutDescription> Describe { get; set; } = cut => cut;

    /// <summary>Called before each record that is loaded; throws to fail the load.</summary>
    public Action? OnLoad { get; set; }

    public DictionaryStore CopyOf(DictionaryStore other)
    {
        foreach (var (unit, records) in other.Units) Units[unit] = records.ToList();
        return this;
    }

    public void Put(UnitId unit, RecordBuffer record)
    {
        if (!Units.TryGetValue(unit, out var records)) Units[unit] = records = [];
        records.RemoveAll(r => r.Bytes.AsSpan(0, r.Key).SequenceEqual(record.Record.Key.Span));
        records.Add((record.Record.Bytes.ToArray(), record.Record.KeyLength));
    }

    public Dictionary<UnitId, UnitDigest> Digests() => Units.ToDictionary(u => u.Key, u =>
    {
        var digest = new UnitDigest();
        foreach (var (bytes, key) in u.Value) digest.Add(new(bytes, key));
        return digest;
    });

    public Task<ISourceCut> CutAsync(CancellationToken cancellation) => Task.FromResult<ISourceCut>(new Cut(this));

    public Task<ISourceCut> JoinCutAsync(string token, CancellationToken cancellation) => throw new CutLostException(token);

    public Task<ISourceCut?> InspectAsync(TargetIntent intent, CancellationToken cancellation) =>
        Task.FromResult<ISourceCut?>(Units.Count == 0 ? null : new Cut(this));

    public Task<ITargetSession> OpenAsync(TargetIntent intent, CancellationToken cancellation) => Task.FromResult<ITargetSession>(new Session(this));

    public ValueTask DisposeAsync() => default;

    private sealed class Cut(DictionaryStore store) : ISourceCut
    {
        private readonly List<KeyValuePair<UnitId, List<(byte[] Bytes, int Key)>>> units = store.Units.Select(u => KeyValuePair.Create(u.Key, u.Value.ToList())).ToList();

        public CutDescription Description { get; } = store.Describe(new()
        {
            Token = "t", Time = DateTimeOffset.UnixEpoch, Identity = new Dictionary<string, string> { ["id"] = "1" }, Layout = """{"tables":[]}""",
        });

        public Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<Shard>>(Enumerable.Range(0, store.Shards).Select(i => new Shard(i, UnitKind.Thread, null, null)).ToList());

        // Units are dealt out like cards: shards overlap in key order, as those of a foreign collation do.
        public Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) =>
            EmitAsync(units.Where((_, i) => i % store.Shards == shard.Number), sink, cancellation);

        public Task CaptureAsync(IReadOnlyCollection<UnitId> wanted, IRecordSink sink, CancellationToken cancellation) =>
            EmitAsync(units.Where(u => wanted.Contains(u.Key)), sink, cancellation);

        public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            await Task.CompletedTask;
            foreach (var unit in units) yield return unit.Key;
        }

        public IAsyncEnumerable<UnitExpiry>? Expiries(CancellationToken cancellation) => store.Times?.Select(t => new UnitExpiry(t.Key, t.Value)).ToAsyncEnumerable();

        public ValueTask DisposeAsync() => default;

        private static async Task EmitAsync(IEnumerable<KeyValuePair<UnitId, List<(byte[] Bytes, int Key)>>> units, IRecordSink sink, CancellationToken cancellation)
        {
            foreach (var (unit, records) in units)
            {
                await sink.BeginAsync(unit, cancellation);
                foreach (var (bytes, key) in records) await sink.WriteAsync(new(bytes, key), cancellation);
                await sink.EndAsync(cancellation);
            }
        }
    }

    private sealed class Session(DictionaryStore store) : ITargetSession
    {
        public bool Fresh { get; } = store.Units.Count == 0;

        public int MaxLoaders => 1;

        public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => Task.FromResult<ITargetLoader>(new Loader(store));

        public Task<ISourceCut> ReadAsync(CancellationToken cancellation) => Task.FromResult<ISourceCut>(new Cut(store));

        public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation)
        {
            foreach (var unit in units) store.Units.Remove(unit);
            return Task.CompletedTask;
        }

        public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task CommitAsync(CancellationToken cancellation) => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Loader(DictionaryStore store) : ITargetLoader
    {
        private UnitId unit;

        public ValueTask BeginAsync(UnitId next, bool replace, CancellationToken cancellation)
        {
            unit = next;
            if (replace) store.Units.Remove(next);
            else if (store.Units.ContainsKey(next)) throw new BackupException(ErrorKind.Conflict, $"{next} is there");
            return default;
        }

        public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
        {
            store.OnLoad?.Invoke();
            if (!store.Units.TryGetValue(unit, out var records)) store.Units[unit] = records = [];
            records.Add((record.Bytes.ToArray(), record.KeyLength));
            return default;
        }

        public ValueTask EndAsync(CancellationToken cancellation) => default;

        public Task CompleteAsync(CancellationToken cancellation) => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }
}

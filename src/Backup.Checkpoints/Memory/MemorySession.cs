using System.Collections.Immutable;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.Memory;

/// <summary>A restore into memory: units are built aside and swapped in whole; until the commit the units replaced are kept to go back to.</summary>
internal sealed class MemorySession : ITargetSession
{
    private readonly MemoryUnits units;
    private readonly TimeProvider time;
    private readonly Dictionary<UnitId, MemoryUnit?> before = [];
    private readonly ImmutableSortedDictionary<UnitId, MemoryUnit> atStart;
    private readonly bool online;
    private bool committed;

    public MemorySession(MemoryUnits units, bool online, TimeProvider time)
    {
        this.units = units;
        this.time = time;
        this.online = online;
        if (!online) units.Freeze(this);
        atStart = units.Snapshot;
        Fresh = atStart.IsEmpty;
    }

    public bool Fresh { get; }

    public int MaxLoaders => 1;

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => Task.FromResult<ITargetLoader>(new Loader(this));

    public Task<ISourceCut> ReadAsync(CancellationToken cancellation) => Task.FromResult<ISourceCut>(new MemoryCut(units, time.GetUtcNow()));

    public Task RemoveAsync(IReadOnlyCollection<UnitId> gone, CancellationToken cancellation)
    {
        foreach (var unit in gone) Put(unit, null);
        return Task.CompletedTask;
    }

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task CommitAsync(CancellationToken cancellation)
    {
        committed = true;
        units.Thaw(this);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (!committed && !online)
            foreach (var (unit, content) in before) units.Put(this, unit, content);
        units.Thaw(this);
        return default;
    }

    private void Put(UnitId unit, MemoryUnit? content)
    {
        before.TryAdd(unit, atStart.GetValueOrDefault(unit));
        units.Put(this, unit, content);
    }

    private sealed class Loader(MemorySession session) : ITargetLoader
    {
        private UnitId unit;
        private MemoryUnit building = MemoryUnit.Empty;

        public ValueTask BeginAsync(UnitId next, bool replace, CancellationToken cancellation)
        {
            if (!replace && session.units.Snapshot.ContainsKey(next))
                throw new BackupException(ErrorKind.Conflict, $"another writer made {next} while it was restored", "That thread was not changed. Run the restore again.");
            (unit, building) = (next, MemoryUnit.Empty);
            return default;
        }

        public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
        {
            building = building.With(record);
            return default;
        }

        public ValueTask EndAsync(CancellationToken cancellation)
        {
            session.Put(unit, building);
            return default;
        }

        public Task CompleteAsync(CancellationToken cancellation) => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }
}

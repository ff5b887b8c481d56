using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Contracts;

namespace Backup.Checkpoints.Memory;

/// <summary>A restore into the units of this process: units are built aside and swapped in whole.</summary>
internal sealed class MemorySession(MemoryUnits units, TargetIntent intent, TimeProvider time) : ITargetSession
{
    private readonly MemoryRestore restore = new(units, intent.Online);
    private bool committed;

    public bool Fresh => restore.Fresh;

    public int MaxLoaders => 1;

    public IReadOnlyList<DroppedExtra> Dropped { get; } = LayoutOrigin.DroppedBy(intent);

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => Task.FromResult<ITargetLoader>(new Loader(restore));

    public Task<ISourceCut> ReadAsync(CancellationToken cancellation) => Task.FromResult<ISourceCut>(new MemoryCut(new(units.Current), time.GetUtcNow()));

    public async Task RemoveAsync(IReadOnlyCollection<UnitId> gone, CancellationToken cancellation)
    {
        foreach (var unit in gone) await restore.PutAsync(unit, null);
    }

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task CommitAsync(CancellationToken cancellation)
    {
        committed = true;
        restore.Commit();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (!committed) await restore.UndoAsync();
    }

    private sealed class Loader(MemoryRestore restore) : ITargetLoader
    {
        private UnitId unit;
        private MemoryUnit building = MemoryUnit.Empty;

        public ValueTask BeginAsync(UnitId next, bool replace, CancellationToken cancellation)
        {
            if (!replace && restore.Holds(next)) throw MemoryStore.Concurrent(next);
            (unit, building) = (next, MemoryUnit.Empty);
            return default;
        }

        public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
        {
            building = building.With(record);
            return default;
        }

        public async ValueTask EndAsync(CancellationToken cancellation) => await restore.PutAsync(unit, building);

        public Task CompleteAsync(CancellationToken cancellation) => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }
}

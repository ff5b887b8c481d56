using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Tests.StoreSuite.Support;

internal sealed class MemoryUnderTest : StoreUnderTest
{
    private readonly MemoryUnits units = new(1L << 30);
    private readonly MemoryStore store;

    public MemoryUnderTest() => store = new(units, TimeProvider.System);

    public override ICheckpointSource Source => store;

    public override ICheckpointTarget Target => store;

    public override Task WriteAsync(Contents contents)
    {
        foreach (var unit in contents.Units)
            units.Change(unit, content => contents.Records(unit).Aggregate(content, (c, record) => c.With(record)));
        return Task.CompletedTask;
    }

    public override Task DeleteAsync(string thread)
    {
        units.Delete(UnitId.Thread(thread));
        return Task.CompletedTask;
    }

    public override StoreUnderTest Another() => new MemoryUnderTest();

    public override ValueTask DisposeAsync() => store.DisposeAsync();
}

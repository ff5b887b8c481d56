using System.Collections.Concurrent;
using Backup.Checkpoints.Memory;

namespace Backup.Grains.Threads;

/// <summary>The memory stores of this silo by name.</summary>
/// <param name="byteLimit">Bytes each may hold.</param>
public sealed class MemoryStores(long byteLimit)
{
    private readonly ConcurrentDictionary<string, MemoryUnits> stores = new();

    /// <summary>The units of a store.</summary>
    public MemoryUnits Units(string store) => stores.GetOrAdd(store, _ => new(byteLimit));
}

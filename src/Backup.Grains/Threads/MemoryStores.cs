using System.Collections.Concurrent;
using Backup.Checkpoints.Memory;

namespace Backup.Grains.Threads;

/// <summary>The memory stores of this silo by name.</summary>
/// <param name="byteLimit">Bytes each may hold.</param>
public sealed class MemoryStores(long byteLimit)
{
    private readonly ConcurrentDictionary<string, MemoryUnits> stores = new();

    /// <summary>Bytes a store may hold where nothing is configured.</summary>
    public const long DefaultByteLimit = 1L << 30;

    /// <summary>The units of a store.</summary>
    public MemoryUnits Units(string store) => stores.GetOrAdd(store, _ => new(byteLimit));
}

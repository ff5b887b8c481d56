using System.Collections.Concurrent;
using Backup.Checkpoints.Memory;

namespace Backup.Grains.Memory;

/// <summary>What this silo holds of each memory store. The data is here and not in grains: it outlives their activations.</summary>
/// <param name="byteLimit">Bytes this silo may hold of a store.</param>
/// <param name="time">Clock.</param>
public sealed class MemoryStores(Func<string, long> byteLimit, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, MemoryUnits> stores = new();

    /// <summary>The units of a store.</summary>
    public MemoryUnits Units(string store) => stores.GetOrAdd(store, name => new(byteLimit(name), time));

    internal IReadOnlyList<string> Names => [.. stores.Keys];
}

using Backup.Grains.Memory.Cuts;
using Backup.Grains.Memory.Directory;

namespace Backup.Grains.Memory.Store;

/// <summary>Opens the memory stores of the cluster this silo belongs to.</summary>
internal sealed class ClusterMemory(MemorySilos silos, ThreadDirectory directory, CutBarrier barrier, MemoryTimings timings, TimeProvider time)
{
    public ClusterMemoryStore Open(string name) => new(name, silos, directory, barrier, timings, time);
}

using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;

namespace Backup.Tests.Unit.Memory;

/// <summary>A checkpointer over the units of this process, where no cut ever makes a writer wait.</summary>
internal sealed class LocalThread(MemoryUnits units, string id)
{
    private readonly UnitId unit = UnitId.Thread(id);

    private MemoryUnit Content => units.Find(unit) ?? MemoryUnit.Empty;

    public void Put(Checkpoint checkpoint, IReadOnlyList<ChannelBlob> blobs) => Change(content => content.Put(checkpoint, blobs));

    public void PutWrites(string ns, string checkpointId, string taskId, string taskPath, IReadOnlyList<(string Channel, string? Type, ReadOnlyMemory<byte> Value)> writes) =>
        Change(content => content.PutWrites(ns, checkpointId, taskId, taskPath, writes));

    public CheckpointTuple? Get(string ns, string? checkpointId) => Content.Get(ns, checkpointId);

    public IReadOnlyList<CheckpointTuple> List(string? ns, string? before, IReadOnlyDictionary<string, string>? filter, int? limit) => Content.List(ns, before, filter, limit);

    public void Delete() => Change(_ => null);

    private void Change(Func<MemoryUnit, MemoryUnit?> change) => units.ChangeAsync(unit, change).GetAwaiter().GetResult();
}

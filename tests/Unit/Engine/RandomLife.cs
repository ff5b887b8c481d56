using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;

namespace Backup.Tests.Unit.Engine;

/// <summary>What happens to a store: turns, writes on old checkpoints, upserted special writes, forks that use a version again, deletions whole and in part.</summary>
internal sealed class RandomLife(TrackedStore store, Random random)
{
    private readonly RecordBuffer record = new();
    private readonly Dictionary<UnitId, int> turns = [];
    private int threads;

    public void Step()
    {
        if (store.Records.Units.Count == 0)
        {
            NewThread(1);
            return;
        }
        var unit = store.Records.Units.Keys.ElementAt(random.Next(store.Records.Units.Count));
        switch (random.Next(10))
        {
            case 0 or 1: NewThread(random.Next(1, 4)); break;
            case 2: WriteOnOld(unit, index: random.Next(3)); break;
            case 3: WriteOnOld(unit, index: -3); break;
            case 4: Blob(unit, random.Next(1, 4)); break;
            case 5: store.Delete(unit); break;
            case 6: store.Delete(unit, random.Next(store.Records.Units[unit].Count)); break;
            default: Turn(unit); break;
        }
    }

    public void NewThread(int turns)
    {
        var unit = UnitId.Thread($"thread-{random.Next():x8}-{threads++}");
        for (var i = 0; i < turns; i++) Turn(unit);
    }

    public void Turn(UnitId unit)
    {
        var turn = turns[unit] = turns.GetValueOrDefault(unit) + 1;
        Blob(unit, turn);
        new Checkpoint
        {
            Namespace = "", CheckpointId = Samples.Checkpoint(turn), ParentId = turn > 1 ? Samples.Checkpoint(turn - 1) : null,
            Envelope = Samples.Bytes("""{"v": 4, "channel_versions": {}}"""), Metadata = Samples.Bytes($$"""{"step": {{turn}}}"""),
        }.Encode(record);
        store.Put(unit, record);
        WriteOnOld(unit, turn);
    }

    private void Blob(UnitId unit, int version)
    {
        new ChannelBlob { Namespace = "", Channel = "messages", Version = $"{version}", Type = "json", Value = Noise() }.Encode(record);
        store.Put(unit, record);
    }

    private void WriteOnOld(UnitId unit, int index)
    {
        var turn = random.Next(1, turns.GetValueOrDefault(unit) + 1);
        new PendingWrite { Namespace = "", CheckpointId = Samples.Checkpoint(turn), TaskId = "task", Index = index, Channel = index < 0 ? "__interrupt__" : "messages", Type = "json", Value = Noise() }.Encode(record);
        store.Put(unit, record);
    }

    private byte[] Noise()
    {
        var noise = new byte[random.Next(20, 400)];
        random.NextBytes(noise);
        return noise;
    }
}

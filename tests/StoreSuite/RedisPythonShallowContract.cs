using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Tests.StoreSuite.Support;
using CsCheck;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for Redis in the layout of LangGraph's Python savers that keep the newest checkpoint, with documents made by hand after formats.md §3.2: the package was never run. Behind a test double of the modules.</summary>
public sealed class RedisPythonShallowContract(RedisDoubleFixture fixture) : StoreContract, IClassFixture<RedisDoubleFixture>
{
    private static readonly Gen<string> Word = Gen.OneOf(Gen.Int[0, Support.Samples.OddIds.Length - 1].Select(i => Support.Samples.OddIds[i]), Gen.String[Gen.Char.AlphaNumeric, 1, 12]).Where(w => w.Length > 0 && !w.Contains(':'));
    private static readonly Gen<string> Json = Gen.Select(Word, Gen.Int).Select((w, n) => $"{{\"n\": [{n}, true, null], \"text\": {Support.Samples.Quote(w)}}}");

    // A namespace: its checkpoint, and writes on it and on those that were before it. Values are of any type: they stand in base64.
    private static readonly Gen<Action<RecordBuffer>[]> Namespace = Gen.Select(Word, Gen.Select(Word, Gen.Null(Word), Json, Json), Gen.Select(Word, Word, Gen.Int[-4, 3000], Gen.Byte.Array[0, 40]).Array[0, 5]).Select((ns, c, writes) => (Action<RecordBuffer>[])
    [
        new Checkpoint { Namespace = ns, CheckpointId = c.Item1, ParentId = c.Item2, Envelope = Support.Samples.Utf8(c.Item3), Metadata = Support.Samples.Utf8(c.Item4) }.Encode,
        .. writes.Select((w, i) => (Action<RecordBuffer>)new PendingWrite { Namespace = ns, CheckpointId = i == 0 ? c.Item1 : w.Item1, TaskId = "task", Index = w.Item3, Channel = "m", Type = "msgpack", Value = w.Item4, TaskPath = w.Item2 }.Encode),
    ]);

    protected override int Samples => 8;

    protected override int Many => 100;

    protected override bool HoldsStill => false;

    protected override bool KeepsHistory => false;

    protected override IEnumerable<string> OddIds => base.OddIds.Where(id => id.Length > 0);

    private protected override Gen<Contents> Stores => Gen.Select(Word, Namespace).Array[0, 12].Select(threads => threads.DistinctBy(t => t.Item1).Aggregate(new Contents(), (all, t) => all.Put(UnitId.Thread(t.Item1), t.Item2)));

    private protected override async Task<StoreUnderTest> CreateAsync() => await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphPythonShallow).SetupAsync();
}

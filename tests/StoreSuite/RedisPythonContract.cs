using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Tests.StoreSuite.Support;
using CsCheck;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for Redis in the layout of LangGraph's Python saver, with documents made by hand after formats.md §3.1: the package was never run. Behind a test double of the modules.</summary>
public sealed class RedisPythonContract(RedisDoubleFixture fixture) : StoreContract, IClassFixture<RedisDoubleFixture>
{
    private static readonly Gen<string> Word = Gen.OneOf(Gen.Int[0, Support.Samples.OddIds.Length - 1].Select(i => Support.Samples.OddIds[i]), Gen.String[Gen.Char.AlphaNumeric, 1, 12]).Where(w => w.Length > 0 && !w.Contains(':'));
    private static readonly Gen<string> Json = Gen.Select(Word, Gen.Int).Select((w, n) => $"{{\"n\": [{n}, true, null], \"text\": {Support.Samples.Quote(w)}}}");

    // Values are of any type: they stand in base64.
    private static readonly Gen<Action<RecordBuffer>> Record = Gen.OneOf(
        Gen.Select(Word, Word, Gen.Null(Word), Json, Json, (ns, id, parent, envelope, metadata) => (Action<RecordBuffer>)new Checkpoint { Namespace = ns, CheckpointId = id, ParentId = parent, Envelope = Support.Samples.Utf8(envelope), Metadata = Support.Samples.Utf8(metadata) }.Encode),
        Gen.Select(Word, Word, Word, Gen.Byte.Array[0, 40], (ns, c, v, value) => (Action<RecordBuffer>)new ChannelBlob { Namespace = ns, Channel = c, Version = v, Type = "msgpack", Value = value }.Encode),
        Gen.Select(Word, Word, Word, Gen.Int[-4, 3000], Gen.Byte.Array[0, 40], (ns, c, path, i, value) => (Action<RecordBuffer>)new PendingWrite { Namespace = ns, CheckpointId = c, TaskId = "task", Index = i, Channel = "m", Type = "msgpack", Value = value, TaskPath = path }.Encode));

    protected override int Samples => 8;

    protected override bool HoldsStill => false;

    protected override IEnumerable<string> OddIds => base.OddIds.Where(id => id.Length > 0);

    private protected override Gen<Contents> Stores => Gen.Select(Word, Record.Array[1, 8]).Array[0, 12].Select(threads => threads.Aggregate(new Contents(), (all, t) => all.Put(UnitId.Thread(t.Item1), t.Item2)));

    private protected override async Task<StoreUnderTest> CreateAsync() => await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphPython).SetupAsync();
}

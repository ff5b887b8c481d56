using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.LangGraph;
using Backup.Tests.StoreSuite.Support;
using CsCheck;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for Redis in the layout of LangGraph's JS saver, for what that saver takes: JSON values, and ids without signs of patterns. Behind a test double of the modules.</summary>
public sealed class RedisJsContract(RedisDoubleFixture fixture) : StoreContract, IClassFixture<RedisDoubleFixture>
{
    private static readonly Gen<string> Word = Gen.OneOf(Gen.Int[0, Support.Samples.OddIds.Length - 1].Select(i => Support.Samples.OddIds[i]), Gen.String[Gen.Char.AlphaNumeric, 1, 12]).Where(w => w.Length > 0 && SaverKeys.IsPlain(w) && !w.Contains(':'));
    private static readonly Gen<string> Json = Gen.Select(Word, Gen.Int).Select((w, n) => $"{{\"n\":[{n},true,null],{Support.Samples.Quote(w)}:\"x\"}}");

    private static readonly Gen<Action<RecordBuffer>> Record = Gen.OneOf(
        Gen.Select(Word, Word, Gen.Null(Word), Gen.Int, (ns, id, parent, v) => (Action<RecordBuffer>)new Checkpoint { Namespace = ns, CheckpointId = id, ParentId = parent, Envelope = Support.Samples.Utf8($"{{\"v\": {v}, \"id\": {Support.Samples.Quote(id)}}}"), Metadata = Support.Samples.Utf8("{}") }.Encode),
        Gen.Select(Word, Word, Word, Gen.Null(Json), (ns, c, v, json) => Support.Samples.Blob(c, v, json, ns)),
        Gen.Select(Word, Word, Gen.Int[-4, 3000], Json, (ns, c, i, json) => Support.Samples.Write(c, i, "m", json, ns: ns)));

    protected override int Samples => 8;

    protected override bool HoldsStill => false;

    protected override IEnumerable<string> OddIds => base.OddIds.Where(id => id.Length > 0 && SaverKeys.IsPlain(id));

    private protected override Gen<Contents> Stores => Gen.Select(Word, Record.Array[1, 8]).Array[0, 12].Select(threads => threads.Aggregate(new Contents(), (all, t) => all.Put(UnitId.Thread(t.Item1), t.Item2)));

    private protected override async Task<StoreUnderTest> CreateAsync() => await new RedisSaverUnderTest(fixture).SetupAsync();
}

using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Redis.LangGraph;
using Backup.Tests.StoreSuite.Support;
using CsCheck;

namespace Backup.Tests.StoreSuite;

/// <summary>The suite for Redis in the layout of LangGraph's JS saver that keeps the newest checkpoint, for what that saver takes. Behind a test double of the modules.</summary>
public sealed class RedisJsShallowContract(RedisDoubleFixture fixture) : StoreContract, IClassFixture<RedisDoubleFixture>
{
    private static readonly Gen<string> Word = Gen.OneOf(Gen.Int[0, Support.Samples.OddIds.Length - 1].Select(i => Support.Samples.OddIds[i]), Gen.String[Gen.Char.AlphaNumeric, 1, 12]).Where(w => w.Length > 0 && SaverKeys.IsPlain(w) && !w.Contains(':'));
    private static readonly Gen<string> Json = Gen.Select(Word, Gen.Int).Select((w, n) => $"{{\"n\":[{n},true,null],{Support.Samples.Quote(w)}:\"x\"}}");

    // A namespace: its checkpoint with the values it names, or with no value where it says null, and writes on it or on none.
    private static readonly Gen<Action<RecordBuffer>[]> Namespace = Gen.Select(Word, Word, Gen.Null(Word), Gen.Select(Word, Gen.Int[0, 99], Gen.Null(Json)).Array[0, 4], Gen.Select(Word, Gen.Int[-4, 3000], Json).Array[0, 4])
        .Select((ns, id, parent, channels, writes) =>
        {
            var named = channels.DistinctBy(c => c.Item1).OrderBy(c => System.Text.Encoding.UTF8.GetByteCount(c.Item1)).ThenBy(c => c.Item1, Comparer<string>.Create(Utf8Order.Compare)).ToList();
            var envelope = $"{{\"v\": 4, \"channel_versions\": {{{string.Join(", ", named.Select(c => $"{Support.Samples.Quote(c.Item1)}: {c.Item2}"))}}}}}";
            return (Action<RecordBuffer>[])
            [
                Support.Samples.Checkpoint(id, parent, envelope, ns),
                .. named.Select(c => Support.Samples.Blob(c.Item1, $"{c.Item2}", c.Item3, ns)),
                .. writes.Select((w, i) => Support.Samples.Write(i == 0 ? w.Item1 : id, w.Item2, "m", w.Item3, ns: ns)),
            ];
        });

    protected override int Samples => 8;

    protected override int Many => 100;

    protected override bool HoldsStill => false;

    protected override bool KeepsHistory => false;

    protected override bool KeepsLooseValues => false;

    protected override IEnumerable<string> OddIds => base.OddIds.Where(id => id.Length > 0 && SaverKeys.IsPlain(id));

    private protected override Gen<Contents> Stores => Gen.Select(Word, Namespace).Array[0, 12].Select(threads => threads.DistinctBy(t => t.Item1).Aggregate(new Contents(), (all, t) => all.Put(UnitId.Thread(t.Item1), t.Item2)));

    private protected override async Task<StoreUnderTest> CreateAsync() => await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphJsShallow).SetupAsync();
}

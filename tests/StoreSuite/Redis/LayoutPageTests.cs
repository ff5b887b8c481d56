using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis.Capture;
using Backup.Tests.StoreSuite.Support;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>docs/redis.md is enough to write a store.</summary>
public sealed class LayoutPageTests
{
    [Fact]
    public async Task A_store_written_by_plain_commands_as_the_page_says_is_captured()
    {
        await using var store = new RedisUnderTest();
        var p = store.Options.Prefix;
        byte[] checkpoint = [1, 0, 2, .. "c1"u8], write = [3, 0, 2, .. "c1"u8, 1, .. "k"u8, 5];
        byte[] envelope = [1, 0, 0, 8, .. "{\"v\": 4}"u8, 2, .. "{}"u8, 0], interrupt = [13, .. "__interrupt__"u8, 5, .. "json"u8, 2, .. "[]"u8, 0, 0];
        await store.RawAsync(async redis =>
        {
            var change = redis.CreateTransaction();
            _ = change.HashSetAsync($"{p}:store", [new("layout", "plain"), new("version", 1), new("id", "by hand"), new("seq", 1), new("threads", 1), new("memory", 0)]);
            _ = change.SortedSetAddAsync($"{p}:threads", "t", 0);
            _ = change.HashSetAsync($"{p}:thread:t", [new(checkpoint, envelope), new(write, interrupt), new("v", 1), new("i", 1), new("b", checkpoint.Length + envelope.Length + write.Length + interrupt.Length), new("n1", 1), new("n3", 1)]);
            _ = change.SortedSetAddAsync($"{p}:thread-order:t", [new(checkpoint, 1), new(write, 1)]);
            return await change.ExecuteAsync();
        });
        Contents.AssertEqual(new Contents().Put(UnitId.Thread("t"), Support.Samples.Checkpoint("c1"),
            new PendingWrite { Namespace = "", CheckpointId = "c1", TaskId = "k", Index = -3, Channel = "__interrupt__", Type = "json", Value = Support.Samples.Utf8("[]") }.Encode), await Contents.ReadAsync(store.Source));
        // The checkpointer goes on with it, and keeps the numbers the page asks for.
        await store.App.PutWritesAsync("t", "", "c1", "k", "", [("__interrupt__", "json", Support.Samples.Utf8("[1]"))]);
        await store.App.PutWritesAsync("t", "", "c2", "k", "", [("m", "json", Support.Samples.Utf8("1"))]);
        var fields = await store.RawAsync(redis => redis.HashGetAllAsync($"{p}:thread:t"));
        var own = fields.Where(f => !UnitReader.IsRecord(f.Name)).ToDictionary(f => (string)f.Name!, f => (long)f.Value);
        Assert.Equal(fields.Where(f => UnitReader.IsRecord(f.Name)).Sum(f => f.Name.Length() + f.Value.Length()), own["b"]);
        Assert.Equal((3, 1, 1, 2), (own["v"], own["i"], own["n1"], own["n3"]));
        Assert.Equal([1.0, 2.0, 3.0], (await store.RawAsync(redis => redis.SortedSetRangeByRankWithScoresAsync($"{p}:thread-order:t"))).Select(e => e.Score));
    }
}

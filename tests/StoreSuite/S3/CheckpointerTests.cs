using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3;
using Backup.Checkpoints.S3.Layouts;
using Backup.Tests.StoreSuite.Support;
using CsCheck;

namespace Backup.Tests.StoreSuite.S3;

/// <summary>The checkpointer does what LangGraph's savers do, as the one in memory does it, whoever else writes.</summary>
public sealed class CheckpointerTests
{
    private static readonly string[] Channels = ["m", "n", "__interrupt__", "__resume__", "__error__"];

    private static readonly Gen<(int Kind, int Thread, int Id, int Version, (string Channel, int Value)[] Writes)> Call =
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 1], Gen.Int[0, 3], Gen.Int[0, 2], Gen.Select(Gen.Int[0, 4].Select(i => Channels[i]), Gen.Int[0, 9]).Array[1, 3]);

    [Fact]
    public Task Any_calls_of_two_processes_leave_what_they_leave_in_memory() => Call.Array[20, 40].SampleAsync(async calls =>
    {
        await using var store = await new S3UnderTest().SetupAsync();
        using var other = store.Process();
        var model = new Dictionary<string, MemoryUnit>();
        foreach (var (kind, number, id, version, writes) in calls)
        {
            var thread = $"t{number}";
            var app = (kind + id) % 2 == 0 ? other : store.App;
            var before = model.GetValueOrDefault(thread, MemoryUnit.Empty);
            if (kind == 0)
            {
                await app.DeleteThreadAsync(thread);
                model.Remove(thread);
            }
            else if (kind < 6)
            {
                var checkpoint = new Checkpoint { Namespace = "", CheckpointId = $"c{id}", ParentId = id == version ? null : $"c{version}", Envelope = Json($$$"""{"channel_versions": {"m": "{{{version}}}"}}"""), Metadata = Json($$"""{"step": {{kind}}}""") };
                ChannelBlob[] blobs = [new() { Namespace = "", Channel = "m", Version = $"{version}", Type = "json", Value = Json($"{kind}") }];
                await app.PutAsync(thread, checkpoint, blobs);
                model[thread] = before.Put(checkpoint, blobs);
            }
            else
            {
                var values = writes.Select(w => (w.Channel, (string?)"json", Json($"{w.Value}"))).ToList();
                await app.PutWritesAsync(thread, "", $"c{id}", $"task{version}", $"path{kind}", values);
                model[thread] = before.PutWrites("", $"c{id}", $"task{version}", $"path{kind}", values);
            }
        }
        var expected = new Contents();
        foreach (var (thread, content) in model) expected.Put(UnitId.Thread(thread), content.Records.Select(r => new EncodedRecord(r.Value, r.Key.Length)));
        Contents.AssertEqual(expected, await Contents.ReadAsync(store.Source));
        foreach (var (thread, content) in model)
            foreach (var app in new[] { store.App, other })
                Assert.Equal(content.Get("", null)?.Checkpoint.CheckpointId, (await app.GetAsync(thread, "", null))?.Checkpoint.CheckpointId);
    }, iter: 1, threads: 1);

    [Fact]
    public async Task Of_writers_that_race_none_loses_a_write_and_none_is_applied_twice()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        var apps = Enumerable.Range(0, 4).Select(_ => store.Process(5)).ToList();
        await Task.WhenAll(apps.Select((app, a) => Task.Run(async () =>
        {
            for (var i = 0; i < 8; i++) await app.PutWritesAsync("t", "", "c", $"{a}-{i}", "", [("m", "json", Json($"{i}"))]);
        })));
        var expected = Enumerable.Range(0, 32).Aggregate(MemoryUnit.Empty, (unit, i) => unit.PutWrites("", "c", $"{i / 8}-{i % 8}", "", [("m", "json", Json($"{i % 8}"))]));
        Contents.AssertEqual(new Contents().Put(UnitId.Thread("t"), expected.Records.Select(r => new EncodedRecord(r.Value, r.Key.Length))), await Contents.ReadAsync(store.Source));
        // One head, and the entries it counts: what does not count any more is gone.
        var head = Assert.Single(await store.KeysAsync("heads/threads/t!/0"));
        var (last, first) = (int.Parse(head.Split('/')[^1].Split('-')[0]), int.Parse(head.Split('-')[1]));
        Assert.InRange(last - first, 0, 5);
        Assert.Equal(Enumerable.Range(first, last - first + 1).Select(n => $"log/threads/t!/{n:D10}"), await store.KeysAsync("log/threads/t!/"));
        apps.ForEach(a => a.Dispose());
    }

    [Fact]
    public async Task A_change_whose_writer_died_before_its_head_does_not_count_until_the_next_writer_comes()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 1));
        var died = new Contents().Put(UnitId.Thread("t"), Support.Samples.Blob("late", "1", "1"));
        foreach (var (place, number) in new[] { ("threads/t!/", 2), ("threads/new!/", 1) })
            await store.Bucket.PutAsync(StoreKeys.Entry(place, number), new LogEntry { Unit = UnitId.Thread(place[8..^2]), Anew = number == 1, Records = [.. died.Records(UnitId.Thread("t"))] }.Encode(), default);
        await store.Bucket.PutAsync("heads/threads/new!/+", Support.Samples.Utf8("new"), default);
        Contents.AssertEqual(Support.Samples.Thread(new(), "t", 1), await Contents.ReadAsync(store.Source), "before");
        var more = new Contents().Put(UnitId.Thread("t"), Support.Samples.Blob("more", "1", "1")).Put(UnitId.Thread("new"), Support.Samples.Blob("more", "1", "1"));
        await store.WriteAsync(more);
        var expected = Support.Samples.Thread(new(), "t", 1);
        foreach (var unit in more.Units) expected.Put(unit, more.Records(unit)).Put(unit, died.Records(UnitId.Thread("t")));
        Contents.AssertEqual(expected, await Contents.ReadAsync(store.Source), "after");
    }

    [Fact]
    public async Task A_value_of_forty_megabytes_goes_up_in_parts_and_comes_back()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        var large = new byte[40 << 20];
        new Random(1).NextBytes(large);
        var contents = new Contents().Put(UnitId.Thread("t"), Support.Samples.Checkpoint("c1"), new ChannelBlob { Namespace = "", Channel = "m", Version = "1", Type = "bytes", Value = large }.Encode);
        await store.WriteAsync(contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(store.Source));
        Assert.Equal(2, (await store.KeysAsync("parts/")).Count);
        await store.DeleteAsync("t");
        Assert.Empty(await store.KeysAsync("parts/"));
        Assert.Equal(2, (await store.KeysAsync("heads/")).Count);
    }

    [Fact]
    public async Task Long_term_memory_is_put_replaced_and_deleted()
    {
        await using var store = await new S3UnderTest().SetupAsync();
        var unit = new UnitId(UnitKind.Memory, "users");
        var (food, place) = (new StoreItem { Key = "food", Value = Json("{}") }, new StoreItem { Key = "place", Value = Json("1") });
        var vector = new StoreVector { Key = "food", Field = "f", Extra = new Dictionary<string, string> { ["embedding"] = "[1]" } };
        await store.App.PutItemsAsync("users", [food, place], [vector]);
        await store.App.PutItemsAsync("users", [place with { Value = Json("2") }], []);
        Contents.AssertEqual(new Contents().Put(unit, food.Encode, (place with { Value = Json("2") }).Encode, vector.Encode), await Contents.ReadAsync(store.Source));
        using var other = store.Process();
        await other.DeleteItemAsync("users", "food", ["f"]);
        Contents.AssertEqual(new Contents().Put(unit, (place with { Value = Json("2") }).Encode), await Contents.ReadAsync(store.Source));
        await store.App.DeleteItemAsync("users", "place", []);
        Assert.Empty((await Contents.ReadAsync(store.Source)).Units);
    }

    private static ReadOnlyMemory<byte> Json(string text) => Support.Samples.Utf8(text);
}

using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Memory;
using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using CsCheck;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>The checkpointer of the plain layout does what LangGraph's savers do, as the one in memory does it.</summary>
public sealed class CheckpointerTests
{
    private static readonly string[] Channels = ["m", "n", "__interrupt__", "__resume__", "__error__"];

    private static readonly Gen<(int Kind, int Thread, int Id, int Version, (string Channel, int Value)[] Writes)> Call =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 2], Gen.Select(Gen.Int[0, 4].Select(i => Channels[i]), Gen.Int[0, 9]).Array[1, 3]);

    [Fact]
    public Task Any_calls_leave_what_they_leave_in_memory() => Call.Array[1, 40].SampleAsync(async calls =>
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        var model = new Dictionary<string, MemoryUnit>();
        foreach (var (kind, number, id, version, writes) in calls)
        {
            var thread = $"t{number}";
            var before = model.GetValueOrDefault(thread, MemoryUnit.Empty);
            if (kind == 0)
            {
                await store.App.DeleteThreadAsync(thread);
                model.Remove(thread);
            }
            else if (kind < 5)
            {
                var checkpoint = new Checkpoint { Namespace = "", CheckpointId = $"c{id}", ParentId = id == version ? null : $"c{version}", Envelope = Json($$$"""{"channel_versions": {"m": "{{{version}}}"}}"""), Metadata = Json($$"""{"step": {{kind}}}""") };
                ChannelBlob[] blobs = [new() { Namespace = "", Channel = "m", Version = $"{version}", Type = "json", Value = Json($"{kind}") }];
                await store.App.PutAsync(thread, checkpoint, blobs);
                model[thread] = before.Put(checkpoint, blobs);
            }
            else
            {
                var values = writes.Select(w => (w.Channel, (string?)"json", Json($"{w.Value}"))).ToList();
                await store.App.PutWritesAsync(thread, "", $"c{id}", $"task{version}", $"path{kind}", values);
                model[thread] = before.PutWrites("", $"c{id}", $"task{version}", $"path{kind}", values);
            }
        }
        var expected = new Contents();
        foreach (var (thread, content) in model) expected.Put(UnitId.Thread(thread), content.Records.Select(r => new EncodedRecord(r.Value, r.Key.Length)));
        Contents.AssertEqual(expected, await Contents.ReadAsync(store.Source));
        foreach (var (thread, content) in model)
            Assert.Equal(Describe(content.Get("", null)), Describe(await store.App.GetAsync(thread, "", null)));
    }, iter: 25, threads: 1);

    [Fact]
    public async Task Writers_side_by_side_lose_nothing()
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => i % 2 == 0
            ? store.App.PutAsync("t", new() { Namespace = "", CheckpointId = $"c{i}", Envelope = Json("{}"), Metadata = Json("{}") }, [])
            : store.App.PutWritesAsync("t", "", "c0", $"task{i}", "", [("__interrupt__", "json", Json("1"))])));
        Assert.Equal(40, (await Contents.ReadAsync(store.Source)).Records(UnitId.Thread("t")).Count());
    }

    [Fact]
    public async Task Items_come_and_go_with_their_vectors_and_an_empty_namespace_is_gone()
    {
        await using var store = await new RedisUnderTest().SetupAsync();
        StoreItem item = new() { Key = "food", Value = Json("1"), Extra = new Dictionary<string, string> { ["expires_at"] = "2030-01-01 00:00:00+00" } };
        await store.App.PutItemsAsync("users.ann", [item], [new() { Key = "food", Field = "f", Extra = new Dictionary<string, string> { ["embedding"] = "[1]" } }]);
        await store.App.PutItemsAsync("users.ann", [item with { Value = Json("2") }, item with { Key = "drink" }], []);
        var unit = Assert.Single((await Contents.ReadAsync(store.Source)).Units);
        Assert.Equal(new UnitId(UnitKind.Memory, "users.ann"), unit);
        await store.App.DeleteItemAsync("users.ann", "food", ["f"]);
        await store.App.DeleteItemAsync("users.ann", "drink", []);
        Assert.Empty((await Contents.ReadAsync(store.Source)).Units);
        Assert.Equal([$"{store.Options.Prefix}:store"], await store.KeysAsync());
    }

    [Fact]
    public async Task Nothing_is_written_where_there_is_no_store_or_while_it_is_restored()
    {
        await using var store = new RedisUnderTest();
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => store.WriteAsync(Support.Samples.Thread(new(), "a", 1)))).Kind);
        await store.SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        await using (var session = await store.Target.OpenAsync(await store.IntentAsync(), default))
        {
            foreach (var change in new Func<Task>[] { () => store.WriteAsync(Support.Samples.Thread(new(), "b", 1)), () => store.DeleteAsync("a"), () => Contents.ReadAsync(store.Source) })
            {
                var error = await Assert.ThrowsAsync<BackupException>(change);
                Assert.Equal((ErrorKind.Conflict, true), (error.Kind, error.Message.Contains("being restored", StringComparison.Ordinal)));
            }
        }
        await store.WriteAsync(Support.Samples.Thread(new(), "b", 1));
        Assert.Equal(2, (await Contents.ReadAsync(store.Source)).Units.Count());
    }

    private static ReadOnlyMemory<byte> Json(string text) => Support.Samples.Utf8(text);

    private static string Describe(CheckpointTuple? tuple) => tuple is null ? "none" : string.Join('\n',
    [
        $"{tuple.Checkpoint.CheckpointId} {tuple.Checkpoint.ParentId} {System.Text.Encoding.UTF8.GetString(tuple.Checkpoint.Metadata.Span)}",
        .. tuple.Blobs.Select(b => $"{b.Channel} {b.Version} {Convert.ToHexString(b.Value!.Value.Span)}"),
        .. tuple.Writes.Select(w => $"{w.TaskId} {w.Index} {w.TaskPath} {Convert.ToHexString(w.Value.Span)}"),
    ]);
}

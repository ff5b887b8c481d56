using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Redis.LangGraph;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using CsCheck;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>Documents of LangGraph's JS saver that keeps the newest checkpoint come back as they were; what the layout cannot hold is refused. Behind a test double of the modules.</summary>
public sealed class JsShallowLayoutTests(DatabaseFixture database, RedisDoubleFixture fixture) : IClassFixture<RedisDoubleFixture>
{
    private static readonly Gen<string> Id = Gen.Int[0, 5].Select(i => new[] { "a", "b:c", "é", "say \"so\"", "🧵", "z" }[i]);
    private static readonly Gen<string> Value = Gen.Int[0, 8].Select(i => new[] { "null", "true", "\"\"", "\"é \\\"q\\\" \\u001f\"", "[]", "-0.10", "1e+21", "{}", "{\"b\":[1.50,{\"\":null}],\"a\":9007199254740993}" }[i]);

    // As the saver writes it, and otherwise: another order, a value without a version, a version without a value, members nobody knows.
    private static readonly Gen<(string Id, string Json)> Checkpoint = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Value, Value, Gen.Int[0, 3]).Select((n, form, value, more, has) =>
    {
        var envelope = form switch
        {
            0 => $$"""{"v":4,"ts":"t","id":"c{{n}}","channel_values":{"m":{{value}},"k":{{more}}},"channel_versions":{"m":{{n}},"k":2,"gone":1},"versions_seen":{"__start__":{} } }""",
            1 => $$"""{"channel_versions":{"m":{{n}},"k":"v.1"},"channel_values":{"loose":{{more}},"m":{{value}}},"v":4}""",
            2 => $$"""{"v":4,"channel_versions":{"m":1},"channel_values":{"m":{{value}} } }""",
            _ => """{"v":4,"channel_versions":{}}""",
        };
        return ($"c{n}", $$""","checkpoint_id":"c{{n}}","parent_checkpoint_id":{{(n == 0 ? "null" : "\"p\"")}},"checkpoint":{{envelope}},"metadata":{"step":{{n}},"a":{{more}}},"checkpoint_ts":17{{n}}.5,"has_writes":{{new[] { "\"true\"", "\"false\"", "\"odd\"", "null" }[has]}}{{(form == 1 ? ",\"score\":1.0" : "")}}""" + "}");
    });

    private static readonly Gen<(string Json, string Place, double? Score)> Write = Gen.Select(Gen.Int[0, 3], Value, Gen.Int[0, 4]).Select((channel, value, kind) =>
        ($$""","channel":"{{new[] { "m", "__interrupt__", "__resume__", "__error__" }[channel]}}","type":"json"{{(kind == 0 ? "" : $",\"value\":{value}")}}{{(kind == 1 ? ",\"more\":1" : "")}}""" + "}", kind == 2 ? "other" : "own", kind == 3 ? (double?)null : kind == 4 ? 0.5 : -1));

    private static readonly Gen<(string Key, string Json, string? Set, double? Score)[]> Documents = Gen.Select(Id, Gen.Select(Id, Checkpoint, Write.Array[0, 5]).Array[1, 3]).Array[1, 4].Select(threads => threads.SelectMany(t => t.Item2.SelectMany(n =>
    {
        var (thread, (ns, checkpoint, writes)) = (t.Item1, n);
        if (ns == "a") ns = "";
        var head = $$"""{"thread_id":{{Support.Samples.Quote(thread)}},"checkpoint_ns":{{Support.Samples.Quote(ns)}}""";
        return new[] { ($"checkpoint:{thread}:{ns}:shallow", head + checkpoint.Json, (string?)null, (double?)null) }.Concat(writes.Select((w, i) =>
        {
            var on = w.Place == "own" ? checkpoint.Id : "other";
            return ($"checkpoint_write:{thread}:{ns}:{on}:task:{i}", $$"""{{head}},"checkpoint_id":"{{on}}","task_id":"task","idx":{{i}}{{w.Json}}""", (string?)$"write_keys_zset:{thread}:{ns}:{on}", w.Score == -1 ? i : w.Score);
        }));
    })).DistinctBy(d => d.Item1).ToArray());

    [Fact]
    public Task Any_documents_come_back_byte_by_byte() => Documents.SampleAsync(async documents =>
    {
        await using var store = await StoreAsync();
        await using var copy = (RedisSaverUnderTest)store.Another();
        await WriteAsync(store, documents);
        var contents = await Contents.ReadAsync(store.Source);
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Assert.Equal(await store.KeysAsync(), await copy.KeysAsync());
        Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source));
    }, iter: 25, threads: 1);

    [Fact]
    public async Task A_thread_that_goes_on_between_its_listing_and_its_reading_has_its_new_namespaces_too()
    {
        await using var store = await StoreAsync();
        await store.WriteAsync(new Contents().Put(UnitId.Thread("t"), Support.Samples.Checkpoint("c1")).Put(UnitId.Thread("u"), Support.Samples.Checkpoint("c1")).Put(UnitId.Thread("v"), Support.Samples.Checkpoint("c1")));
        await using var cut = await store.Source.CutAsync(default);
        Assert.Single(await cut.PlanAsync(1, default));
        // One takes a step into a graph below it, another writes from there; nothing else changes.
        await store.WriteAsync(new Contents().Put(UnitId.Thread("t"), Support.Samples.Checkpoint("c2"), Support.Samples.Checkpoint("c3", ns: "sub:1"), Support.Samples.Write("c2", -3, "__interrupt__", "[]")));
        await store.WriteAsync(new Contents().Put(UnitId.Thread("u"), Support.Samples.Checkpoint("c3", ns: "sub:1"), Support.Samples.Write("c1", -3, "__interrupt__", "[]")));
        var captured = await Contents.ReadAsync(cut);
        Contents.AssertEqual(await Contents.ReadAsync(store.Source), captured);
        Assert.Equal([3, 3, 1], captured.Units.Order().Select(u => captured.Records(u).Count()));
    }

    [Fact]
    public async Task One_that_never_stands_still_is_taken_as_it_is_in_the_end()
    {
        await using var store = await StoreAsync();
        await store.WriteAsync(new Contents().Put(UnitId.Thread("t"), Support.Samples.Checkpoint("c1")));
        await store.RawAsync(async redis =>
        {
            var listed = (await SaverListing.ScanAsync(store.Options, SaverLayout.JsShallow, redis, "checkpoint*", default))["t"];
            await store.WriteAsync(new Contents().Put(UnitId.Thread("t"), Support.Samples.Checkpoint("c2"), Support.Samples.Write("c2", 0, "m", "1")));
            listed.Earlier = (listed.Checkpoints, listed.Writes);
            var (reader, captured) = (new SaverReader(store.Options, SaverLayout.JsShallow, redis), new Contents());
            Assert.False(await reader.ReadAsync("t", listed, captured, tooOften: false, default));
            Assert.Empty(captured.Units);
            Assert.True(await reader.ReadAsync("t", listed, captured, tooOften: true, default));
            Contents.AssertEqual(await Contents.ReadAsync(store.Source), captured);
            return true;
        });
    }

    [Fact]
    public async Task What_the_layout_or_another_has_no_place_for_is_refused_and_nothing_is_changed()
    {
        await using var store = await StoreAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "there", 1));
        var before = await store.KeysAsync();
        await using var full = await new RedisSaverUnderTest(fixture).SetupAsync();
        await WriteAsync(full, [("checkpoint:f::c1", """{"thread_id":"f","checkpoint_ns":"__empty__","checkpoint_id":"c1","parent_checkpoint_id":null,"checkpoint":{"v":4},"metadata":{},"checkpoint_ts":1,"has_writes":"false"}""", null, null)]);
        foreach (var (contents, why) in new[]
        {
            (Support.Samples.Thread(new(), "a", 2), "namespace '' has 2 checkpoints, and LangGraph's JS shallow saver keeps the newest alone"),
            (new Contents().Put(UnitId.Thread("a"), Support.Samples.Checkpoint("c"), Support.Samples.Blob("m", "1", "1")), "is not of the newest checkpoint"),
            (new Contents().Put(UnitId.Thread("a"), Support.Samples.Checkpoint("c", envelope: """{"v": 4, "channel_versions": {"m": 1}}""")), "channel m, version 1, of type empty cannot be said"),
            (new Contents().Put(UnitId.Thread("a"), Support.Samples.Checkpoint("c", envelope: """{"v": 4, "channel_versions": {"m": 1}}"""), Support.Samples.Blob("m", "1", "1", type: "msgpack")), "of type msgpack cannot be said"),
            (await Contents.ReadAsync(full.Source), "it was written by LangGraph's JS saver that keeps all checkpoints"),
        }) await RefusedAsync(store, contents, why);
        Assert.Equal(before, await store.KeysAsync());

        // The second write of a call to a channel for which others have one place.
        await WriteAsync(store, [("checkpoint_write:w::c:task:1", """{"thread_id":"w","checkpoint_ns":"","checkpoint_id":"c","task_id":"task","idx":1,"channel":"__interrupt__","type":"json","value":[]}""", "write_keys_zset:w::c", 1)]);
        var own = (await Contents.ReadAsync(store.Source)).Only([UnitId.Thread("w")]);
        await RefusedAsync(full, own, "cannot be said in layout langgraph-js without loss");
        await using var postgres = new PostgresUnderTest(database.Database);
        await RefusedAsync(postgres, own, "redis-shallow");
        // And a document with more than its records say is of this layout alone.
        await WriteAsync(store, [("checkpoint:x::shallow", """{"thread_id":"x","checkpoint_ns":"","checkpoint_id":"c1","parent_checkpoint_id":null,"checkpoint":{"v":4},"metadata":{},"checkpoint_ts":1,"has_writes":"false"}""", null, null)]);
        await RefusedAsync(full, (await Contents.ReadAsync(store.Source)).Only([UnitId.Thread("x")]), "it was written by LangGraph's JS shallow saver");

        async Task RefusedAsync(StoreUnderTest target, Contents contents, string why)
        {
            var refused = await Assert.ThrowsAsync<BackupException>(async () => await StoreUnderTest.RestoreAsync(target.Target, await store.IntentAsync(), contents));
            Assert.True(refused.Kind == ErrorKind.Usage && refused.Message.Contains(why, StringComparison.Ordinal), $"{refused.Kind} {refused.Message}");
        }
    }

    [Theory]
    [InlineData("checkpoint:t::c1", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c1","checkpoint":{},"metadata":{},"has_writes":"false"}""", "has keys of LangGraph's JS saver, and layout langgraph-js-shallow is configured")]
    [InlineData("checkpoint_blob:t::m:1", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c1"}""", "has keys of LangGraph's JS saver, and layout langgraph-js-shallow is configured")]
    [InlineData("checkpoint:t:__empty__:c1", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c1","checkpoint":{},"metadata":{},"has_writes":false}""", "has keys of LangGraph's Python saver")]
    [InlineData("checkpoint:t:sub", """{"thread_id":"t","checkpoint_ns":"sub","checkpoint_id":"c1","checkpoint":{},"metadata":{}}""", "has keys of LangGraph's Python shallow saver")]
    public async Task Keys_of_other_savers_are_refused_by_name(string key, string json, string message)
    {
        await using var store = await StoreAsync();
        await WriteAsync(store, [(key, json, null, null)]);
        await FailsAsync(store.Store, message);
    }

    [Fact]
    public async Task Other_savers_are_named_by_their_indexes()
    {
        await using var full = await new RedisSaverUnderTest(fixture).SetupAsync();
        await using (var asShallow = new RedisStore(full.Options with { Layout = RedisLayout.LangGraphJsShallow })) await FailsAsync(asShallow, "has the indexes of LangGraph's JS saver, and layout langgraph-js-shallow is configured");
        await using var python = await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphPython).SetupAsync();
        await using (var asShallow = new RedisStore(python.Options with { Layout = RedisLayout.LangGraphJsShallow })) await FailsAsync(asShallow, "has the indexes of LangGraph's Python saver");
    }

    private async Task<RedisSaverUnderTest> StoreAsync() => await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphJsShallow).SetupAsync();

    private static async Task FailsAsync(RedisStore store, string message)
    {
        var error = await Assert.ThrowsAsync<BackupException>(() => Contents.ReadAsync(store));
        Assert.True(error.Kind == ErrorKind.Usage && error.Message.Contains(message, StringComparison.Ordinal), $"{error.Kind} {error.Message}");
    }

    private static Task WriteAsync(RedisSaverUnderTest store, IEnumerable<(string Key, string Json, string? Set, double? Score)> documents) => store.DocumentsAsync(documents);
}

using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using CsCheck;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>Documents of LangGraph's JS saver come back as they were, whatever is in them; what the layout cannot hold is refused. Behind a test double of the modules.</summary>
public sealed class JsLayoutTests(RedisDoubleFixture fixture) : IClassFixture<RedisDoubleFixture>
{
    private static readonly Gen<string> Id = Gen.Int[0, 7].Select(i => new[] { "a", "b:c", "é", "say \"so\"", "x y", "🧵", "1f1e94d6-a6a6-6ff0-8003-02d0e4da43fe", "z" }[i]);
    private static readonly Gen<string> Value = Gen.Int[0, 9].Select(i => new[] { "null", "true", "\"\"", "\"é \\\"q\\\" \\u001f\"", "[]", "{}", "1", "-0.10", "1e+21", "{\"b\":[1.50,{\"\":null}],\"a\":9007199254740993}" }[i]);

    // Parts in the saver's order or another, with members it does not know.
    private static readonly Gen<(string Key, string Json)> Checkpoint = Gen.Select(Gen.Int[0, 3], Gen.Bool, Value, Value, Gen.Int[0, 3]).Select((n, swapped, value, more, has) =>
    {
        var id = $"c{n}";
        var envelope = swapped ? $$"""{"channel_versions":{"m":{{n}},"k":"v.1"},"channel_values":{"m":{{value}},"k":{{more}}},"v":4}""" : $$"""{"v":4,"id":"{{id}}","channel_values":{"m":{{value}}},"channel_versions":{"m":{{n}}},"versions_seen":{} }""";
        var tail = $$""","checkpoint_ts":17{{n}}.5,"has_writes":{{new[] { "\"true\"", "\"false\"", "\"odd\"", "null" }[has]}}""";
        return (id, $$""","checkpoint_id":"{{id}}","parent_checkpoint_id":null,"checkpoint":{{envelope}},"metadata":{"step":{{n}},"a":{{more}}}{{tail}}{{(swapped ? ",\"score\":1.0" : "")}}""" + "}");
    });

    private static readonly Gen<(string Key, string Json)> Blob = Gen.Select(Gen.Int[0, 3], Value, Gen.Int[0, 2]).Select((n, value, kind) =>
        ($"m:{n}", $$""","checkpoint_id":"c{{n}}","channel":"m","version":"{{n}}","type":"json"{{(kind == 0 ? "" : $",\"value\":{value}")}}{{(kind == 1 ? ",\"more\":[1]" : "")}}""" + "}"));

    private static readonly Gen<(string Key, string Json, double? Score)> Write = Gen.Select(Gen.Int[0, 4], Gen.Int[-4, 2], Value, Gen.Int[0, 3]).Select((n, i, value, kind) =>
        ($"c{n}:task:{i}", $$""","checkpoint_id":"c{{n}}","task_id":"task","idx":{{i}},"channel":"m","type":"json"{{(kind == 0 ? "" : $",\"value\":{value}")}},"timestamp":7.25,"global_idx":{{n}}.125""" + "}", kind == 1 ? (double?)null : kind == 2 ? 0.1 + n : n + 0.125));

    private static readonly Gen<(string Key, string Json, string? Set, double? Score)[]> Documents = Gen.Select(Id, Id, Checkpoint.Array[0, 5], Blob.Array[0, 5], Write.Array[0, 6]).Array[1, 5].Select(threads => threads.SelectMany(t =>
    {
        var (thread, ns, checkpoints, blobs, writes) = t;
        if (ns == "a") ns = "";
        var head = $$"""{"thread_id":{{Support.Samples.Quote(thread)}},"checkpoint_ns":""";
        string safe = Support.Samples.Quote(ns.Length == 0 ? "__empty__" : ns), raw = Support.Samples.Quote(ns);
        return checkpoints.Select(c => ($"checkpoint:{thread}:{ns}:{c.Key}", head + safe + c.Json, (string?)null, (double?)null))
            .Concat(blobs.Select(b => ($"checkpoint_blob:{thread}:{ns}:{b.Key}", head + safe + b.Json, (string?)null, (double?)null)))
            .Concat(writes.Select(w => ($"checkpoint_write:{thread}:{ns}:{w.Key}", head + raw + w.Json, (string?)$"write_keys_zset:{thread}:{ns}:{w.Key.Split(':')[0]}", w.Score)));
    }).DistinctBy(d => d.Item1).ToArray()).Where(d => d.Length > 0); // one without anything is no store

    [Fact]
    public Task Any_documents_come_back_byte_by_byte() => Documents.SampleAsync(async documents =>
    {
        await using var store = await new RedisSaverUnderTest(fixture).SetupAsync();
        await using var copy = (RedisSaverUnderTest)store.Another();
        await store.RawAsync(async database =>
        {
            foreach (var (key, json, set, score) in documents)
            {
                await database.ExecuteAsync("JSON.SET", (RedisKey)key, "$", json);
                if (set is not null && score is { } number) await database.SortedSetAddAsync(set, key, number);
            }
            return true;
        });
        var contents = await Contents.ReadAsync(store.Source);
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Assert.Equal(await store.KeysAsync(), await copy.KeysAsync());
        if (documents.Length > 0) Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source));
    }, iter: 25, threads: 1);

    [Fact]
    public async Task A_thread_too_large_for_one_transaction_comes_back_and_under_another_id()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisSaverUnderTest(fixture).SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "long", 200));
        await TemporaryArchive.BackupAsync(archive, store.Source);
        await TemporaryArchive.RestoreAsync(archive, store.Target, new() { Archive = "main", Source = "prod", Target = "t", Threads = ["long"], NewThreadId = "again" });
        var keys = await store.KeysAsync();
        Assert.Equal(1 + 4 * 200 + 200 - 1, keys.Count(k => k.Key.Contains(":again:", StringComparison.Ordinal)));
        foreach (var (key, json) in keys.Where(k => k.Key.Contains(":again:", StringComparison.Ordinal))) Assert.Equal(keys[key.Replace(":again:", ":long:", StringComparison.Ordinal)], json.Replace("again", "long", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("msgpack")]
    [InlineData("bytes")]
    [InlineData("text")]
    [InlineData("path")]
    [InlineData("pattern")]
    [InlineData("inline")]
    public async Task What_the_layout_has_no_place_for_is_refused_and_nothing_is_changed(string what)
    {
        await using var store = await new RedisSaverUnderTest(fixture).SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "there", 1));
        var before = await store.KeysAsync();
        var contents = Support.Samples.Thread(new(), "a", 2).Put(UnitId.Thread(what == "pattern" ? "a*" : "b"), what switch
        {
            "msgpack" or "bytes" => Support.Samples.Blob("m", "1", "\"x\"", type: what),
            "text" => Support.Samples.Blob("m", "1", "no JSON"),
            "path" => Support.Samples.Write("c", 0, "m", "1", path: "~0"),
            "inline" => Support.Samples.Checkpoint("c", envelope: """{"v": 4, "channel_values": {}}"""),
            _ => Support.Samples.Checkpoint("c"),
        });
        var refused = await Assert.ThrowsAsync<BackupException>(async () => await StoreUnderTest.RestoreAsync(store.Target, await store.IntentAsync(), contents));
        Assert.Equal((ErrorKind.Usage, true), (refused.Kind, refused.Message.Contains("cannot be restored into 'redis'", StringComparison.Ordinal)));
        Assert.Equal(before, await store.KeysAsync());
    }

    [Theory]
    [InlineData("checkpoint:t::shallow", "has keys of LangGraph's JS shallow saver, and layout langgraph-js is configured")]
    [InlineData("checkpoint_latest:t:__empty__", "has keys of LangGraph's Python saver, and layout langgraph-js is configured")]
    [InlineData("checkpoint:t::c9", "is no document")]
    public async Task Keys_of_other_savers_are_refused(string key, string message)
    {
        await using var store = await new RedisSaverUnderTest(fixture).SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 1));
        await store.RawAsync(database => database.ExecuteAsync("JSON.SET", (RedisKey)key, "$", "{\"has_writes\":true}"));
        Assert.Contains(message, (await Assert.ThrowsAsync<BackupException>(() => Contents.ReadAsync(store.Source))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_taken_for_deleted_where_keys_may_be_lost()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await new RedisSaverUnderTest(fixture).SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 1));
        await TemporaryArchive.BackupAsync(archive, store.Source);
        await using (var cut = await store.Source.CutAsync(default))
        {
            await store.RawAsync(database => database.ExecuteAsync("FLUSHDB"));
            Assert.Equal(ErrorKind.Unreachable, (await Assert.ThrowsAsync<BackupException>(() => Contents.ReadAsync(cut))).Kind);
        }
        await FailsAsync(ErrorKind.NotFound, () => TemporaryArchive.BackupAsync(archive, store.Source, strategy: BackupStrategyKind.Incremental));
        await using var stock = new RedisStore(store.Options with { ConnectionString = fixture.Server.ConnectionString });
        await FailsAsync(ErrorKind.Usage, () => TemporaryArchive.BackupAsync(archive, stock));
        await using var dropping = await RedisServer.StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        await using var lossy = new RedisStore(store.Options with { ConnectionString = dropping.ConnectionString });
        await FailsAsync(ErrorKind.Usage, () => TemporaryArchive.BackupAsync(archive, lossy));

        static async Task FailsAsync(ErrorKind kind, Func<Task> work) => Assert.Equal(kind, (await Assert.ThrowsAsync<BackupException>(work)).Kind);
    }

    [Fact]
    public async Task A_checkpoint_that_comes_after_the_cut_waits_for_the_next_backup_and_a_write_does_not()
    {
        await using var store = await new RedisSaverUnderTest(fixture).SetupAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 3));
        await using var cut = await store.Source.CutAsync(default);
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 4));
        await store.WriteAsync(new Contents().Put(UnitId.Thread("t"), Support.Samples.Write("c00003", 5, "m", "1")));
        var records = (await Contents.ReadAsync(cut)).Records(UnitId.Thread("t")).ToList();
        Assert.Equal(["c00001", "c00002", "c00003"], records.Where(r => r.Kind == RecordKind.Checkpoint).Select(r => Backup.Checkpoints.Model.Checkpoint.Decode(r).CheckpointId));
        Assert.Contains(records.Where(r => r.Kind == RecordKind.PendingWrite).Select(PendingWrite.Decode), w => (w.CheckpointId, w.Index) == ("c00003", 5));
        await using var next = await store.Source.CutAsync(default);
        Assert.Equal(4, (await Contents.ReadAsync(next)).Records(UnitId.Thread("t")).Count(r => r.Kind == RecordKind.Checkpoint));
    }
}

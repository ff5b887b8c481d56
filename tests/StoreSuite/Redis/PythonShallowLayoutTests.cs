using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Checkpoints.Redis.LangGraph;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using CsCheck;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>
/// Documents as LangGraph's Python savers that keep the newest checkpoint write them come back as they were; what is of another saver is refused
/// by name. The documents are made by hand, after formats.md §3.2: the package was never run. Behind a test double of the modules.
/// </summary>
public sealed class PythonShallowLayoutTests(DatabaseFixture database, RedisDoubleFixture fixture) : IClassFixture<RedisDoubleFixture>
{
    private static readonly Gen<string> Id = Gen.Int[0, 6].Select(i => new[] { "a", "b:c", "é", "say \"so\"", "x*[y]", "🧵", "z" }[i]);
    private static readonly Gen<string> Value = Gen.Int[0, 5].Select(i => new[] { "null", "\"é \\\"q\\\"\"", "-0.10", "1e+21", """{"__send__":true,"node":"n","arg":{"b":[1.50,{"":null}],"a":9007199254740993}}""", """{"__bytes__":"AP8="}""" }[i]);

    // By ShallowRedisSaver (the metadata an object) or AsyncShallowRedisSaver (a text), and otherwise.
    private static readonly Gen<string> Checkpoint = Gen.Select(Gen.Int[0, 3], Value, Gen.Int[0, 3]).Select((n, value, form) =>
    {
        var metadata = $$$"""{"source":"loop","step":{{{n}}},"parents":{},"tenant":"ä \"q\""}""";
        return $$$""","checkpoint_ns":NS,"checkpoint_id":"c{{{n}}}","checkpoint_ts":1764137457{{{n}}}.125,"checkpoint":{"type":"json","v":4,"id":"c{{{n}}}","channel_values":{"m":{{{value}}}},"channel_versions":{"m":"0000{{{n}}}.0.5"},"versions_seen":{},"pending_sends":[]}"""
            + $",\"metadata\":{(form == 0 ? metadata : Support.Samples.Quote(metadata))}{(form == 2 ? "" : $",\"source\":\"loop\",\"step\":{n}")}{(form == 3 ? ",\"more\":[1.0]" : "")}}}";
    });

    // On the checkpoint that is there or on one before it; in one set, in two, or in none.
    private static readonly Gen<(string Key, string Json, int[] Sets, double Score)> Write = Gen.Select(Gen.Int[0, 4], Gen.Int[-4, 2], Gen.Int[0, 5]).Select((n, i, kind) =>
        ($"c{n}:task:{i}", $$""","checkpoint_ns":NS,"checkpoint_id":"c{{n}}","task_id":"task"{{(kind == 1 ? "" : ",\"task_path\":\"~__pregel_pull, n\"")}},"idx":{{i}},"channel":"m","type":"msgpack","blob":"k4EB/w=="}""",
            new int[][] { [0], [1], [], [2], [0, 1], [3] }[kind], kind * 1.5));

    private static readonly Gen<(string Key, string Json, string? Set, double? Score)[]> Documents = Gen.Select(Id, Gen.Select(Id, Gen.Bool, Checkpoint, Write.Array[0, 6]).Array[1, 3]).Array[1, 5].Select(threads => threads.SelectMany(t => t.Item2.SelectMany(n =>
    {
        var (thread, (ns, raw, checkpoint, writes)) = (t.Item1, n);
        if (ns == "a") ns = "";
        var safe = ns.Length == 0 ? "__empty__" : ns;
        string In(string json) => $"{{\"thread_id\":{Support.Samples.Quote(thread)}" + json.Replace("NS", Support.Samples.Quote(raw ? ns : safe), StringComparison.Ordinal);
        string[] sets = [$"write_registry:{thread}:{safe}:shallow", $"write_keys_zset:{thread}:{safe}:shallow", $"write_registry:{thread}:{ns}:shallow", $"write_keys_zset:{thread}:{ns}:shallow"];
        return new[] { ($"checkpoint:{thread}:{ns}", In(checkpoint), (string?)null, (double?)null) }
            .Concat(writes.SelectMany(w => w.Sets.Length == 0 ? [($"checkpoint_write:{thread}:{safe}:{w.Key}", In(w.Json), (string?)null, (double?)null)] : w.Sets.Select(set => ($"checkpoint_write:{thread}:{safe}:{w.Key}", In(w.Json), (string?)sets[set], (double?)w.Score + set))));
    })).DistinctBy(d => (d.Item1, d.Item3)).ToArray());

    [Fact]
    public Task Any_documents_come_back_byte_by_byte_in_the_sets_they_were_in() => Documents.SampleAsync(async documents =>
    {
        await using var store = await StoreAsync();
        await using var copy = (RedisSaverUnderTest)store.Another();
        await store.DocumentsAsync(documents);
        var contents = await Contents.ReadAsync(store.Store);
        await StoreUnderTest.RestoreAsync(copy.Store, await IntentAsync(store), contents);
        Assert.Equal(await store.KeysAsync(), await copy.KeysAsync());
        Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Store));
    }, iter: 25, threads: 1);

    [Fact]
    public async Task By_way_of_other_stores_and_under_another_id_they_come_back_and_elsewhere_they_are_refused()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync();
        await store.DocumentsAsync(
        [
            ("checkpoint:t:", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c9","checkpoint_ts":1.5,"checkpoint":{"type":"json","v":4,"id":"c9","channel_values":{"m":[1.50]},"channel_versions":{"m":"1.0.5"},"pending_sends":[]},"metadata":{"source":"input","step":-1},"source":"input","step":-1}""", null, null),
            ("checkpoint_write:t:__empty__:c1:task:0", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c1","task_id":"task","task_path":"","idx":0,"channel":"m","type":"msgpack","blob":"wA=="}""", "write_registry:t:__empty__:shallow", 0),
            ("checkpoint_write:t:__empty__:c9:task:-3", """{"thread_id":"t","checkpoint_ns":"","checkpoint_id":"c9","task_id":"task","task_path":"","idx":-3,"channel":"__interrupt__","type":"msgpack","blob":"wA=="}""", "write_keys_zset:t:__empty__:shallow", 0),
        ]);
        var before = await store.KeysAsync();
        var backup = await TemporaryArchive.BackupAsync(archive, store.Store);
        await using (var through = await new RedisUnderTest().SetupAsync())
        {
            await using var home = (RedisSaverUnderTest)store.Another();
            await RestoreAsync(through.Target, backup.BackupId);
            var second = await TemporaryArchive.BackupAsync(archive, through.Source, "carrier");
            Assert.Equal(backup.StateRoot, second.StateRoot);
            await RestoreAsync(home.Store, second.BackupId);
            Assert.Equal(before, await home.KeysAsync());
        }
        await TemporaryArchive.RestoreAsync(archive, store.Store, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Threads = ["t"], NewThreadId = "again" });
        var keys = await store.KeysAsync();
        foreach (var (key, content) in before) Assert.Equal(content.Replace("\"t\"", "\"again\"", StringComparison.Ordinal).Replace(":t:", ":again:", StringComparison.Ordinal), keys[key.Replace(":t:", ":again:", StringComparison.Ordinal)]);
        Assert.Equal(2 * before.Count, keys.Count);

        await using var js = await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphJsShallow).SetupAsync();
        await using var full = await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphPython).SetupAsync();
        await using var postgres = new PostgresUnderTest(database.Database);
        foreach (var (target, why) in new[] { (js.Target, "cannot be restored into 'redis': "), (full.Store, "it was not written by LangGraph's Python saver,"), (postgres.Target, "redis-python-shallow") })
            await RefusedAsync(target, backup.BackupId, why);
        await full.WriteAsync(Support.Samples.Thread(new(), "elsewhere", 1));
        await RefusedAsync(store.Store, (await TemporaryArchive.BackupAsync(archive, full.Store, "full")).BackupId, "it was not written by LangGraph's Python shallow saver");
        Assert.Equal(keys, await store.KeysAsync());

        Task<RestoreReport> RestoreAsync(Backup.Checkpoints.Stores.ICheckpointTarget target, string id) => TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = id, Target = "t" });

        async Task RefusedAsync(Backup.Checkpoints.Stores.ICheckpointTarget target, string id, string why)
        {
            var refused = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(target, id));
            Assert.True(refused.Kind == ErrorKind.Usage && refused.Message.Contains(why, StringComparison.Ordinal), $"{refused.Kind} {refused.Message}");
        }
    }

    [Fact]
    public async Task A_thread_too_large_for_one_transaction_comes_back()
    {
        await using var store = await StoreAsync();
        await using var copy = (RedisSaverUnderTest)store.Another();
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 2, history: false));
        await store.WriteAsync(new Contents().Put(UnitId.Thread("t"), [.. Enumerable.Range(0, 600).Select(i => Support.Samples.Write($"before{i}", 0, "m", "1"))]));
        var contents = await Contents.ReadAsync(store.Source);
        Assert.Equal(8 + 600, contents.Records(UnitId.Thread("t")).Count());
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Assert.Equal(await store.KeysAsync(), await copy.KeysAsync());
    }

    [Fact]
    public async Task A_write_that_is_named_and_gone_is_nothing()
    {
        await using var store = await StoreAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 1));
        await store.RawAsync(redis => redis.SortedSetAddAsync("write_registry:t:__empty__:shallow", "checkpoint_write:t:__empty__:c0:task:0", 0));
        // Nor does the thread look like one that has gone on.
        await store.RawAsync(async redis =>
        {
            var listed = (await SaverListing.ScanAsync(store.Options, SaverLayout.PythonShallow, redis, "checkpoint*", default))["t"];
            listed.Earlier = (listed.Checkpoints, listed.Writes);
            var contents = new Contents();
            Assert.True(await new SaverReader(store.Options, SaverLayout.PythonShallow, redis).ReadAsync("t", listed, contents, tooOften: false, default));
            Assert.Equal(4, contents.Records(UnitId.Thread("t")).Count());
            return true;
        });
    }

    [Theory]
    [InlineData("checkpoint_latest:t:__empty__", "\"checkpoint:t:__empty__:c1\"", "has keys of LangGraph's Python saver, and layout langgraph-python-shallow is configured")]
    [InlineData("checkpoint:t:__empty__:c1", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c1","checkpoint":{},"metadata":{},"has_writes":false}""", "has keys of LangGraph's Python saver, and layout langgraph-python-shallow is configured")]
    [InlineData("checkpoint:t::shallow", """{"thread_id":"t","checkpoint_ns":"","checkpoint_id":"c1","checkpoint":{},"metadata":{}}""", "has keys of LangGraph's JS shallow saver")]
    [InlineData("checkpoint:t::c1", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c1","checkpoint":{},"metadata":{},"has_writes":"false"}""", "has keys of LangGraph's JS saver")]
    public async Task A_store_of_another_saver_is_refused_by_name(string key, string json, string message)
    {
        await using var store = await StoreAsync();
        await store.DocumentsAsync([(key, json, null, null)]);
        var error = await Assert.ThrowsAsync<BackupException>(() => Contents.ReadAsync(store.Store));
        Assert.True(error.Kind == ErrorKind.Usage && error.Message.Contains(message, StringComparison.Ordinal), $"{error.Kind} {error.Message}");
    }

    private async Task<RedisSaverUnderTest> StoreAsync() => await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphPythonShallow).SetupAsync();

    private static async Task<Backup.Checkpoints.Stores.TargetIntent> IntentAsync(RedisSaverUnderTest store)
    {
        await using var cut = await store.Store.CutAsync(default);
        return new() { SourceKind = store.Store.Kind, Layout = cut.Description.Layout };
    }
}

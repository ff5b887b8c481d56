using Backup.Checkpoints.Model;
using Backup.Checkpoints.Redis;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;
using CsCheck;
using StackExchange.Redis;

namespace Backup.Tests.StoreSuite.Redis;

/// <summary>
/// Documents as LangGraph's Python saver writes them come back as they were; what is of another saver is refused by name. The documents are
/// made by hand, after formats.md §3.1: the package was never run. Behind a test double of the modules.
/// </summary>
public sealed class PythonLayoutTests(DatabaseFixture database, RedisDoubleFixture fixture) : IClassFixture<RedisDoubleFixture>
{
    private const string Message = """{"lc":1,"type":"constructor","id":["langchain","schema","messages","HumanMessage"],"kwargs":{"content":"é \"q\"","type":"human"}}""";
    private static readonly Gen<string> Id = Gen.Int[0, 6].Select(i => new[] { "a", "b:c", "é", "say \"so\"", "x*[y]", "🧵", "z" }[i]);
    private static readonly Gen<string> Value = Gen.Int[0, 8].Select(i => new[] { "null", "true", "\"\"", "[]", "-0.10", "1e+21", Message, """{"__send__":true,"node":"n","arg":{"b":[1.50,{"":null}],"a":9007199254740993}}""", """{"__bytes__":"AP8="}""" }[i]);

    // As 0.5 writes it, and otherwise: the checkpoint or its metadata an object or a text, members that are not there or are more.
    private static readonly Gen<(string Key, string Json)> Checkpoint = Gen.Select(Gen.Int[0, 3], Value, Gen.Int[0, 4], Gen.Int[0, 3]).Select((n, value, form, has) =>
    {
        var (id, parent) = ($"c{n}", n == 0 ? "" : $"c{n - 1}");
        var envelope = $$$"""{"type":"json","v":4,"id":"{{{id}}}","ts":"2026-11-25T05:30:57.123456+00:00","channel_values":{"m":{{{value}}}},"channel_versions":{"m":"0000{{{n}}}.0.5"},"versions_seen":{},"updated_channels":null,"pending_sends":[]}""";
        var metadata = $$$"""{"source":"loop","step":{{{n}}},"parents":{},"tenant":"ä \"q\""}""";
        return (id, $$""","run_id":"","checkpoint_ns":NS,"checkpoint_id":"{{id}}","parent_checkpoint_id":{{(form == 3 ? "null" : Support.Samples.Quote(parent))}},"checkpoint_ts":1764137457{{n}}.125"""
            + $$""","checkpoint":{{(form == 1 ? Support.Samples.Quote(envelope) : envelope)}},"metadata":{{(form == 2 ? metadata : form == 3 ? "\"\\u007b\\u007d\"" : Support.Samples.Quote(metadata))}}"""
            + $"{(has == 0 ? "" : $",\"has_writes\":{new[] { "", "true", "false", "null" }[has]}")},\"source\":\"loop\",\"step\":{n}{(form == 4 ? ",\"more\":[1]" : "")}}}");
    });

    private static readonly Gen<(string Key, string Json)> Blob = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3]).Select((n, kind) =>
        ($"m:0000{n}.0.5", $$""","checkpoint_ns":NS,"checkpoint_id":"c{{n}}","channel":"m","version":"0000{{n}}.0.5","type":"{{new[] { "msgpack", "empty", "json", "msgpack" }[kind]}}","blob":{{new[] { "\"gaFhAQ==\"", "\"\"", "{\"a\":[1]}", "\"not base64\"" }[kind]}}}"""));

    private static readonly Gen<(string Key, string Json, double? Score)> Write = Gen.Select(Gen.Int[0, 4], Gen.Int[-4, 2], Gen.Int[0, 4]).Select((n, i, kind) =>
        ($"c{n}:task:{i}", $$""","checkpoint_ns":NS,"checkpoint_id":"c{{n}}","task_id":"task"{{(kind == 1 ? "" : ",\"task_path\":\"~__pregel_pull, n\"")}},"idx":{{i}},"channel":"m","type":"{{(kind == 2 ? "json" : "msgpack")}}","blob":{{(kind == 2 ? "\"{\\\"a\\\": 1}\"" : "\"k4EB/w==\"")}}}""", kind == 3 ? (double?)null : kind));

    private static readonly Gen<(string Key, string Json, string? Set, double? Score)[]> Documents = Gen.Select(Id, Id, Checkpoint.Array[0, 5], Blob.Array[0, 3], Write.Array[0, 6], Gen.Int[0, 2]).Array[1, 5].Select(threads => threads.SelectMany(t =>
    {
        var (thread, ns, checkpoints, blobs, writes, pointed) = t;
        if (ns == "a") ns = "__empty__";
        var head = $"{{\"thread_id\":{Support.Samples.Quote(thread)}";
        string In(string json) => head + json.Replace("NS", Support.Samples.Quote(ns), StringComparison.Ordinal);
        var ids = checkpoints.Select(c => c.Key).Distinct().Order(StringComparer.Ordinal).ToList();
        return checkpoints.Select(c => ($"checkpoint:{thread}:{ns}:{c.Key}", In(c.Json), (string?)null, (double?)null))
            .Concat(blobs.Select(b => ($"checkpoint_blob:{thread}:{ns}:{b.Key}", In(b.Json), (string?)null, (double?)null)))
            .Concat(writes.Select(w => ($"checkpoint_write:{thread}:{ns}:{w.Key}", In(w.Json), (string?)$"write_keys_zset:{thread}:{ns}:{w.Key.Split(':')[0]}", w.Score)))
            .Concat(ids.Count == 0 || pointed == 2 ? [] : [($"checkpoint_latest:{thread}:{ns}", $"checkpoint:{thread}:{ns}:{(pointed == 0 ? ids[^1] : ids[0])}", "pointer", null)]);
    }).DistinctBy(d => d.Item1).ToArray()).Where(d => d.Length > 0); // one without anything is no store

    [Fact]
    public Task Any_documents_come_back_byte_by_byte() => Documents.SampleAsync(async documents =>
    {
        await using var store = await StoreAsync();
        await using var copy = (RedisSaverUnderTest)store.Another();
        await WriteAsync(store, documents);
        var contents = await Contents.ReadAsync(store.Store);
        await StoreUnderTest.RestoreAsync(copy.Store, await IntentAsync(store), contents);
        // A pointer of a namespace without checkpoints leads nowhere.
        Assert.Equal(await store.KeysAsync(), await copy.KeysAsync());
        if (documents.Length > 0) Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Store));
    }, iter: 25, threads: 1);

    [Fact]
    public async Task By_way_of_other_stores_they_come_back_and_where_they_would_not_be_what_they_were_they_are_refused()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync();
        await WriteAsync(store, Documents.Array[4].Single().SelectMany(d => d).DistinctBy(d => d.Key).Where(d => d.Key.StartsWith("checkpoint", StringComparison.Ordinal)).ToArray());
        await WriteAsync(store, [("checkpoint:t:__empty__:c1", """{"thread_id":"t","run_id":"","checkpoint_ns":"__empty__","checkpoint_id":"c1","parent_checkpoint_id":"","checkpoint_ts":1.5,"checkpoint":{"type":"json","v":4,"id":"c1","channel_values":{"m":[1.50]},"channel_versions":{"m":"1.0.5"},"pending_sends":[]},"metadata":"{\"source\":\"input\",\"step\":-1}","has_writes":false,"source":"input","step":-1}""", null, null), ("checkpoint_latest:t:__empty__", "checkpoint:t:__empty__:c1", "pointer", null)]);
        var before = await store.KeysAsync();
        var backup = await TemporaryArchive.BackupAsync(archive, store.Store);
        Assert.True((await temporary.VerifyAsync(archive, deep: true, store.Store, backup.BackupId)).Ok);
        foreach (var carrier in new StoreUnderTest[] { new MemoryUnderTest(), await new RedisUnderTest().SetupAsync(), await new S3UnderTest().SetupAsync() })
        {
            await using var through = carrier;
            await using var home = (RedisSaverUnderTest)store.Another();
            await RestoreAsync(through.Target, backup.BackupId);
            var second = await TemporaryArchive.BackupAsync(archive, through.Source, "carrier");
            Assert.Equal(backup.StateRoot, second.StateRoot);
            await RestoreAsync(home.Store, second.BackupId);
            Assert.Equal(before, await home.KeysAsync());
        }
        await using var js = await new RedisSaverUnderTest(fixture).SetupAsync();
        await using var postgres = await new PostgresUnderTest(database.Database).SetupAsync(python: true);
        foreach (var (target, why) in new[] { (js.Target, "cannot be restored into 'redis': "), (postgres.Target, "redis-python") })
        {
            var refused = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(target, backup.BackupId));
            Assert.True(refused.Kind == ErrorKind.Usage && refused.Message.Contains(why, StringComparison.Ordinal), $"{refused.Kind} {refused.Message}");
        }
        // And what was written elsewhere has no form here.
        await postgres.WriteAsync(Support.Samples.Thread(new(), "elsewhere", 2));
        var foreign = await TemporaryArchive.BackupAsync(archive, postgres.Source, "pg");
        var unsaid = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(store.Store, foreign.BackupId));
        Assert.Equal((ErrorKind.Usage, true), (unsaid.Kind, unsaid.Message.Contains("it was not written by LangGraph's Python saver,", StringComparison.Ordinal)));
        Assert.Equal(before, await store.KeysAsync());

        Task<RestoreReport> RestoreAsync(Backup.Checkpoints.Stores.ICheckpointTarget target, string id) => TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "main", BackupId = id, Target = "t" });
    }

    [Fact]
    public async Task A_thread_under_another_id_has_its_own_keys_pointer_and_writes_and_one_checkpoint_of_it_is_the_newest()
    {
        using var temporary = new TemporaryArchive();
        var archive = temporary.Create();
        await using var store = await StoreAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "long", 100));
        await TemporaryArchive.BackupAsync(archive, store.Store);
        await RestoreAsync(new() { Archive = "main", Source = "prod", Target = "t", Threads = ["long"], NewThreadId = "again" });
        var keys = await store.KeysAsync();
        var again = keys.Where(k => k.Key.Contains(":again:", StringComparison.Ordinal)).ToList();
        Assert.Equal(5 * 100 + 1, again.Count);
        foreach (var (key, json) in again) Assert.Equal(keys[key.Replace(":again:", ":long:", StringComparison.Ordinal)], json.Replace("again", "long", StringComparison.Ordinal));
        await RestoreAsync(new() { Archive = "main", Source = "prod", Target = "t", Threads = ["long"], NewThreadId = "part", Checkpoint = "c00007" });
        Assert.Equal("False checkpoint:part:__empty__:c00007", (await store.KeysAsync())["checkpoint_latest:part:__empty__"]);
        // Whatever the pointer of the whole thread is.
        foreach (var pointer in new[] { "checkpoint:long:__empty__:c00007", "checkpoint:long:__empty__:c00003", "nowhere" })
        {
            await WriteAsync(store, [("checkpoint_latest:long:__empty__", pointer, "pointer", null)]);
            await TemporaryArchive.BackupAsync(archive, store.Store);
            await RestoreAsync(new() { Archive = "main", Source = "prod", Target = "t", Threads = ["long"], NewThreadId = "part", Checkpoint = "c00007" });
            await RestoreAsync(new() { Archive = "main", Source = "prod", Target = "t", Threads = ["long"], NewThreadId = "whole", Conflict = ConflictPolicy.Overwrite });
            keys = await store.KeysAsync();
            Assert.Equal("False checkpoint:part:__empty__:c00007", keys["checkpoint_latest:part:__empty__"]);
            Assert.Equal(pointer == "nowhere" ? null : "False " + pointer.Replace("long", "whole", StringComparison.Ordinal), keys.GetValueOrDefault("checkpoint_latest:whole:__empty__"));
        }

        Task<RestoreReport> RestoreAsync(RestoreRequest request) => TemporaryArchive.RestoreAsync(archive, store.Store, request);
    }

    [Fact]
    public async Task What_is_marked_before_it_is_written_and_pointers_that_lead_nowhere_do_not_matter()
    {
        await using var store = await StoreAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "t", 1));
        await WriteAsync(store,
        [
            ("checkpoint:t:__empty__:c9", """{"has_writes":true}""", null, null), ("checkpoint_latest:t:gone", "checkpoint:t:gone:c1", "pointer", null),
            ("checkpoint_write:t:__empty__:c9:task:0", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c9","task_id":"task","task_path":"","idx":0,"channel":"m","type":"msgpack","blob":"wA=="}""", "write_keys_zset:t:__empty__:c9", 0),
        ]);
        var contents = await Contents.ReadAsync(store.Store);
        Assert.Equal(5, contents.Records(UnitId.Thread("t")).Count());
        // Replaced by what is there already: the mark goes, and everything else is as it was.
        var before = await store.KeysAsync();
        await StoreUnderTest.RestoreAsync(store.Store, await IntentAsync(store), contents, UnitId.Thread("t"));
        before.Remove("checkpoint:t:__empty__:c9");
        Assert.Equal(before, await store.KeysAsync());
        await WriteAsync(store, [("checkpoint:t:__empty__:c8", """{"odd":true}""", null, null)]);
        Assert.Contains("is no document of LangGraph's Python saver", (await Assert.ThrowsAsync<BackupException>(() => Contents.ReadAsync(store.Store))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("checkpoint:t::c1", """{"thread_id":"t","checkpoint_ns":"__empty__","checkpoint_id":"c1","checkpoint":{},"metadata":{},"has_writes":"false"}""", "has keys of LangGraph's JS saver")]
    [InlineData("checkpoint:t:sub:c1", """{"thread_id":"t","checkpoint_ns":"sub","checkpoint_id":"c1","checkpoint":{},"metadata":{},"has_writes":"true"}""", "has keys of LangGraph's JS saver")]
    [InlineData("checkpoint_write:t::c1:k:0", """{"thread_id":"t","checkpoint_ns":"","checkpoint_id":"c1","task_id":"k","idx":0}""", "has keys of LangGraph's JS saver")]
    [InlineData("checkpoint:t:", """{"thread_id":"t","checkpoint_ns":"","checkpoint_id":"c1","checkpoint":{},"metadata":{}}""", "has keys of LangGraph's Python shallow saver")]
    [InlineData("checkpoint:t::shallow", """{"thread_id":"t","checkpoint_ns":"","checkpoint_id":"c1","checkpoint":{},"metadata":{}}""", "has keys of LangGraph's JS shallow saver")]
    public async Task A_store_of_another_saver_is_refused_by_name_and_nothing_is_changed(string key, string json, string message)
    {
        await using var store = await StoreAsync();
        await WriteAsync(store, [(key, json, null, null)]);
        var before = await store.KeysAsync();
        await FailsAsync(() => Contents.ReadAsync(store.Store), message);
        await FailsAsync(async () => await StoreUnderTest.RestoreAsync(store.Store, new() { SourceKind = "redis", Layout = "{}" }, new()), message);
        Assert.Equal(before, await store.KeysAsync());
    }

    [Fact]
    public async Task The_other_saver_is_named_by_its_indexes_and_by_its_documents()
    {
        await using var python = await StoreAsync();
        await using (var asJs = new RedisStore(python.Options with { Layout = RedisLayout.LangGraphJs })) await FailsAsync(() => Contents.ReadAsync(asJs), "has the indexes of LangGraph's Python saver, and layout langgraph-js is configured");
        await using var js = await new RedisSaverUnderTest(fixture).SetupAsync();
        await using (var asPython = new RedisStore(js.Options with { Layout = RedisLayout.LangGraphPython })) await FailsAsync(() => Contents.ReadAsync(asPython), "has the indexes of LangGraph's JS saver, and layout langgraph-python is configured");
        // A graph below another, whose keys either saver spells alike.
        await WriteAsync(js, [("checkpoint:t:sub:c1", """{"thread_id":"t","checkpoint_ns":"sub","checkpoint_id":"c1","checkpoint":{},"metadata":"{}","has_writes":false}""", null, null)]);
        await FailsAsync(() => Contents.ReadAsync(js.Store), "has keys of LangGraph's Python saver, and layout langgraph-js is configured");
        await using var plain = new RedisStore(python.Options with { Layout = RedisLayout.Plain });
        await python.WriteAsync(Support.Samples.Thread(new(), "t", 1));
        await FailsAsync(() => Contents.ReadAsync(plain), "there are keys as LangGraph's own Redis savers write them");
    }

    private async Task<RedisSaverUnderTest> StoreAsync() => await new RedisSaverUnderTest(fixture, RedisLayout.LangGraphPython).SetupAsync();

    private static async Task<Backup.Checkpoints.Stores.TargetIntent> IntentAsync(RedisSaverUnderTest store)
    {
        await using var cut = await store.Store.CutAsync(default);
        return new() { SourceKind = store.Store.Kind, Layout = cut.Description.Layout };
    }

    private static async Task FailsAsync(Func<Task> work, string message)
    {
        var error = await Assert.ThrowsAsync<BackupException>(work);
        Assert.True(error.Kind == ErrorKind.Usage && error.Message.Contains(message, StringComparison.Ordinal), $"{error.Kind} {error.Message}");
    }

    private static Task WriteAsync(RedisSaverUnderTest store, IEnumerable<(string Key, string Json, string? Set, double? Score)> documents) => store.DocumentsAsync(documents);
}

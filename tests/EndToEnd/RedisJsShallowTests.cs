using System.Text.Json;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>What real LangGraph wrote by its Redis saver that keeps the newest checkpoint is lost and comes back; LangGraph judges. RedisJSON and RediSearch are played by a test double.</summary>
[Collection(nameof(RedisJsDatabases))]
public sealed class RedisJsShallowTests : IAsyncLifetime
{
    private TestPostgres database = null!;
    private RedisJsDatabases redis = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        redis = await RedisJsDatabases.CreateAsync();
        tool = new Tool().RedisJs("app", redis.Connection(0), "langgraph-js-shallow").RedisJs("copy", redis.Connection(1), "langgraph-js-shallow").Source("pg", database.ConnectionString, "agents", writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    public async ValueTask DisposeAsync()
    {
        await redis.DisposeAsync();
        await database.DisposeAsync();
        tool.Dispose();
    }

    [Fact]
    public async Task A_lost_store_comes_back_document_by_document_and_resumes()
    {
        string older = Path.Combine(tool.Folder, "older.json"), newer = Path.Combine(tool.Folder, "newer.json");
        (await Graph(0).RunAsync("generate", "--threads", "3", "--turns", "2")).Expect(0);
        (await Graph(0).RunAsync("judge", "--out", older)).Expect(0);
        var atFirst = await redis.KeysAsync(0);
        var first = await CreateAsync("app", "full", 3);
        (await Graph(0).RunAsync("generate", "--threads", "3", "--turns", "4", "--start", "3")).Expect(0);
        (await Graph(0).RunAsync("judge", "--out", newer)).Expect(0);
        var written = await redis.KeysAsync(0);
        Assert.Contains(written.Keys, k => k.StartsWith("checkpoint_write:", StringComparison.Ordinal));
        await CreateAsync("app", "incremental", 3);
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());

        await redis.EmptyAsync(0);
        Assert.Contains("looks like this too", (await tool.RunAsync("create", "app")).Expect(4).Failure.ToString(), StringComparison.Ordinal);
        Assert.True((await tool.RunAsync("restore", "--source", "app", "--to", "app")).Expect(0).Json.GetProperty("exact").GetBoolean());
        Assert.Equal(written, await redis.KeysAsync(0));
        (await tool.RunAsync("restore", "--backup", first.GetProperty("backupId").GetString()!, "--to", "copy")).Expect(0);
        Assert.Equal(atFirst, await redis.KeysAsync(1));
        (await Graph(1).RunAsync("judge", "--expect", older)).Expect(0);
        var judged = (await Graph(0).RunAsync("judge", "--expect", newer, "--resume", "2")).Expect(0).Json;
        Assert.Equal((3, 2), (judged.GetProperty("threads").GetInt32(), judged.GetProperty("resumed").GetInt32()));

        // Online over what has gone on since.
        (await tool.RunAsync("restore", "--source", "app", "--to", "app", "--conflict", "overwrite", "--online", "--yes")).Expect(0);
        Assert.Equal(written, await redis.KeysAsync(0));
    }

    [Fact]
    public async Task It_goes_to_PostgreSQL_and_back_until_it_has_history_there()
    {
        (await Graph(0).RunAsync("generate", "--threads", "3", "--turns", "3")).Expect(0);
        var written = await redis.KeysAsync(0);
        var root = (await CreateAsync("app", "full", 3)).GetProperty("stateRoot").GetString();
        (await tool.RunAsync("restore", "--source", "app", "--to", "pg")).Expect(0);
        Assert.Equal(root, (await CreateAsync("pg", "full", 3)).GetProperty("stateRoot").GetString());
        (await tool.RunAsync("restore", "--source", "pg", "--to", "copy")).Expect(0);
        Assert.Equal(written, await redis.KeysAsync(1));

        // LangGraph's PostgreSQL saver sees the same conversations and goes on with them.
        var inRedis = (await Graph(1).RunAsync("judge")).Expect(0).Json;
        var inPostgres = (await new LangGraph(database.ConnectionString).RunAsync("judge", "--schema", "agents", "--resume", "2")).Expect(0).Json;
        foreach (var what in new[] { "threads", "waiting", "messages" }) Assert.Equal(inRedis.GetProperty(what).GetInt32(), inPostgres.GetProperty(what).GetInt32());
        Assert.Equal(2, inPostgres.GetProperty("resumed").GetInt32());

        // What it has added there is history, which has no place in Redis.
        await CreateAsync("pg", "incremental", 3);
        var refused = (await tool.RunAsync("restore", "--source", "pg", "--to", "copy", "--conflict", "overwrite", "--yes")).Expect(2).Failure.ToString();
        Assert.Contains("keeps the newest alone", refused, StringComparison.Ordinal);
        Assert.Equal(written, await redis.KeysAsync(1));
    }

    private LangGraph Graph(int number) => new(database.ConnectionString, redis.Url(number), shallow: true);

    private async Task<JsonElement> CreateAsync(string source, string strategy, int threads)
    {
        var backup = (await tool.RunAsync("create", source, "--strategy", strategy)).Expect(0).Json;
        Assert.Equal((strategy, threads, "[]"), (backup.GetProperty("strategy").GetString(), backup.GetProperty("threads").GetInt32(), backup.GetProperty("warnings").ToString()));
        return backup;
    }
}

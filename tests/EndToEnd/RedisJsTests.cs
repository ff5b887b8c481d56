using System.Text.Json;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>What real LangGraph wrote by its own Redis saver is lost and comes back; LangGraph judges. RedisJSON and RediSearch are played by a test double.</summary>
[Collection(nameof(RedisJsDatabases))]
public sealed class RedisJsTests : IAsyncLifetime
{
    private TestPostgres database = null!;
    private RedisJsDatabases redis = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        redis = await RedisJsDatabases.CreateAsync();
        tool = new Tool().RedisJs("app", redis.Connection(0)).RedisJs("copy", redis.Connection(1)).Source("pg", database.ConnectionString, "agents", writable: true).Redis("plain");
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
        (await Graph(0).RunAsync("generate", "--threads", "4")).Expect(0);
        (await Graph(0).RunAsync("judge", "--out", older)).Expect(0);
        var written = await redis.KeysAsync(0);
        await CreateAsync("app", "full", 4);
        Assert.Equal(written, await redis.KeysAsync(0));
        (await Graph(0).RunAsync("generate", "--threads", "4", "--turns", "6", "--start", "5")).Expect(0);
        (await Graph(0).RunAsync("judge", "--out", newer)).Expect(0);
        written = await redis.KeysAsync(0);
        await CreateAsync("app", "incremental", 4);
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());

        await redis.EmptyAsync(0);
        Assert.Contains("looks like this too", (await tool.RunAsync("create", "app")).Expect(4).Failure.ToString(), StringComparison.Ordinal);
        Assert.True((await tool.RunAsync("restore", "--source", "app", "--to", "app")).Expect(0).Json.GetProperty("exact").GetBoolean());
        Assert.Equal(written, await redis.KeysAsync(0));
        var judged = (await Graph(0).RunAsync("judge", "--expect", newer, "--resume", "2")).Expect(0).Json;
        Assert.Equal((4, 2), (judged.GetProperty("threads").GetInt32(), judged.GetProperty("resumed").GetInt32()));

        // In place, back to before the approvals; and one thread of the older backup elsewhere, under its own id.
        Assert.Equal(5, (await tool.RunAsync("restore", "--source", "app", "--to", "app")).ExitCode);
        (await tool.RunAsync("restore", "--source", "app", "--to", "app", "--conflict", "overwrite", "--yes")).Expect(0);
        Assert.Equal(written, await redis.KeysAsync(0));
        var thread = (await Graph(0).RunAsync("threads", "--count", "4")).Expect(0).Json[2].GetString()!;
        var backups = (await tool.RunAsync("list", "--source", "app")).Expect(0).Json.GetProperty("backups");
        (await tool.RunAsync("restore", "--backup", backups[0].GetProperty("backupId").GetString()!, "--to", "copy", "--thread", thread)).Expect(0);
        (await Graph(1).RunAsync("judge", "--thread", thread, "--expect", older)).Expect(0);
    }

    [Fact]
    public async Task By_way_of_the_plain_layout_and_PostgreSQL_it_comes_back_document_by_document()
    {
        (await Graph(0).RunAsync("generate", "--threads", "3", "--turns", "3")).Expect(0);
        var written = await redis.KeysAsync(0);
        var root = (await CreateAsync("app", "full", 3)).GetProperty("stateRoot").GetString();
        (await tool.RunAsync("restore", "--source", "app", "--to", "plain")).Expect(0);
        Assert.Equal(root, (await CreateAsync("plain", "full", 3)).GetProperty("stateRoot").GetString());
        (await tool.RunAsync("restore", "--source", "plain", "--to", "pg")).Expect(0);
        Assert.Equal(root, (await CreateAsync("pg", "full", 3)).GetProperty("stateRoot").GetString());
        (await tool.RunAsync("restore", "--source", "pg", "--to", "copy")).Expect(0);
        Assert.Equal(written, await redis.KeysAsync(1));

        // LangGraph's PostgreSQL saver sees the same conversations and goes on with them.
        var inRedis = (await Graph(1).RunAsync("judge")).Expect(0).Json;
        var inPostgres = (await new LangGraph(database.ConnectionString).RunAsync("judge", "--schema", "agents", "--resume", "2")).Expect(0).Json;
        foreach (var what in new[] { "threads", "states", "waiting", "messages" }) Assert.Equal(inRedis.GetProperty(what).GetInt32(), inPostgres.GetProperty(what).GetInt32());
        Assert.Equal(2, inPostgres.GetProperty("resumed").GetInt32());
        // What it has added there goes to Redis as well.
        await CreateAsync("pg", "incremental", 3);
        (await tool.RunAsync("restore", "--source", "pg", "--to", "copy", "--conflict", "overwrite", "--yes")).Expect(0);
        (await Graph(1).RunAsync("judge")).Expect(0);
    }

    [Fact]
    public async Task What_LangGraph_wrote_into_PostgreSQL_goes_to_its_Redis_saver_and_back()
    {
        var langGraph = new LangGraph(database.ConnectionString);
        (await langGraph.RunAsync("generate", "--schema", "agents", "--threads", "4", "--turns", "3")).Expect(0);
        var before = Path.Combine(tool.Folder, "before.json");
        var inPostgres = (await langGraph.RunAsync("judge", "--schema", "agents", "--out", before)).Expect(0).Json;
        var backup = await CreateAsync("pg", "full", 4);
        (await tool.RunAsync("restore", "--source", "pg", "--to", "app")).Expect(0);
        Assert.Equal(backup.GetProperty("stateRoot").GetString(), (await CreateAsync("app", "full", 4)).GetProperty("stateRoot").GetString());
        await database.ExecuteAsync("DROP SCHEMA agents CASCADE");
        (await tool.RunAsync("restore", "--source", "app", "--to", "pg")).Expect(0);
        (await langGraph.RunAsync("judge", "--schema", "agents", "--expect", before)).Expect(0);
        var inRedis = (await Graph(0).RunAsync("judge", "--resume", "2")).Expect(0).Json;
        foreach (var what in new[] { "threads", "states", "waiting", "messages" }) Assert.Equal(inPostgres.GetProperty(what).GetInt32(), inRedis.GetProperty(what).GetInt32());
        Assert.Equal(2, inRedis.GetProperty("resumed").GetInt32());
    }

    private LangGraph Graph(int number) => new(database.ConnectionString, redis.Url(number));

    private async Task<JsonElement> CreateAsync(string source, string strategy, int threads)
    {
        var backup = (await tool.RunAsync("create", source, "--strategy", strategy)).Expect(0).Json;
        Assert.Equal((strategy, threads, "[]"), (backup.GetProperty("strategy").GetString(), backup.GetProperty("threads").GetInt32(), backup.GetProperty("warnings").ToString()));
        return backup;
    }
}

using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>What real LangGraph wrote into PostgreSQL goes to Redis by the tool, and from Redis back; LangGraph judges what came.</summary>
public sealed class RedisTests : IAsyncLifetime
{
    private TestPostgres database = null!;
    private LangGraph langGraph = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        langGraph = new(database.ConnectionString);
        tool = new Tool().Source("prod", database.ConnectionString, "agents", writable: true).Source("copy", database.ConnectionString, "copy", writable: true).Redis("redis");
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        tool.Dispose();
    }

    [Fact]
    public async Task By_way_of_Redis_a_store_comes_back_identical_and_resumes()
    {
        // Messages in a DeltaChannel: state lies in the writes of ancestors.
        string[] options = ["--schema", "agents", "--delta", "4"];
        string older = Path.Combine(tool.Folder, "older.json"), newer = Path.Combine(tool.Folder, "newer.json");
        (await langGraph.RunAsync("generate", [.. options, "--threads", "7"])).Expect(0);
        (await langGraph.RunAsync("judge", [.. options, "--out", older])).Expect(0);
        var first = await CreateAsync("prod", "full");
        (await tool.RunAsync("restore", "--source", "prod", "--to", "redis")).Expect(0);
        Assert.Equal(first.GetProperty("stateRoot").GetString(), (await CreateAsync("redis", "full")).GetProperty("stateRoot").GetString());

        // The conversations go on; Redis gets what changed in place, and gives it by an increment.
        (await langGraph.RunAsync("generate", [.. options, "--threads", "7", "--turns", "6", "--start", "5"])).Expect(0);
        (await langGraph.RunAsync("judge", [.. options, "--out", newer])).Expect(0);
        var second = await CreateAsync("prod", "incremental");
        (await tool.RunAsync("restore", "--source", "prod", "--to", "redis", "--conflict", "overwrite", "--yes")).Expect(0);
        Assert.Equal(second.GetProperty("stateRoot").GetString(), (await CreateAsync("redis", "incremental")).GetProperty("stateRoot").GetString());
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());

        await database.ExecuteAsync("DROP SCHEMA agents CASCADE");
        Assert.True((await tool.RunAsync("restore", "--source", "redis", "--to", "prod")).Expect(0).Json.GetProperty("exact").GetBoolean());
        Assert.Equal(5, await database.ScalarAsync<long>("SELECT count(*) FROM agents.checkpoint_migrations"));
        var judged = (await langGraph.RunAsync("judge", [.. options, "--expect", newer, "--resume", "3"])).Expect(0).Json;
        Assert.Equal((7, 3), (judged.GetProperty("threads").GetInt32(), judged.GetProperty("resumed").GetInt32()));

        // One thread of an older backup of Redis alone.
        var thread = (await langGraph.RunAsync("threads", "--count", "7")).Expect(0).Json[2].GetString()!;
        var backups = (await tool.RunAsync("list", "--source", "redis")).Expect(0).Json.GetProperty("backups");
        (await tool.RunAsync("restore", "--backup", backups[0].GetProperty("backupId").GetString()!, "--to", "copy", "--thread", thread)).Expect(0);
        (await langGraph.RunAsync("judge", "--schema", "copy", "--delta", "4", "--thread", thread, "--expect", older)).Expect(0);
    }

    [Fact]
    public async Task Through_TLS_with_a_user_of_its_own()
    {
        using var server = await TlsRedis.StartAsync(tool.Folder);
        tool.Redis("far", server.ConnectionString);
        (await langGraph.RunAsync("generate", "--schema", "agents", "--threads", "7")).Expect(0);
        var backup = await CreateAsync("prod", "full");
        // Nobody who trusts its authority yet.
        Assert.Contains("is not trusted", (await tool.RunAsync("restore", "--source", "prod", "--to", "far")).Expect(2).Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        tool.Variables["SSL_CERT_FILE"] = server.Authority;
        (await tool.RunAsync("restore", "--source", "prod", "--to", "far")).Expect(0);
        Assert.Equal(backup.GetProperty("stateRoot").GetString(), (await CreateAsync("far", "full")).GetProperty("stateRoot").GetString());
        tool.Redis("far", server.ConnectionString.Replace("secret", "wrong", StringComparison.Ordinal));
        Assert.DoesNotContain("wrong", (await tool.RunAsync("create", "far")).Expect(2).Json.ToString(), StringComparison.Ordinal);
    }

    private async Task<System.Text.Json.JsonElement> CreateAsync(string source, string strategy)
    {
        var backup = (await tool.RunAsync("create", source, "--strategy", strategy)).Expect(0).Json;
        Assert.Equal((strategy, 7, 0), (backup.GetProperty("strategy").GetString(), backup.GetProperty("threads").GetInt32(), backup.GetProperty("warnings").GetArrayLength()));
        return backup;
    }
}

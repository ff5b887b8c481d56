using System.Text.Json;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>Real LangGraph fills a store, the tool backs it up, the store is lost and restored, and LangGraph judges.</summary>
public sealed class JudgeTests : IAsyncLifetime
{
    private TestPostgres database = null!;
    private LangGraph langGraph = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        langGraph = new(database);
        tool = new Tool().Source("prod", database.ConnectionString, "agents", writable: true).Source("copy", database.ConnectionString, "Copy of \"agents\"", writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)] // messages in a DeltaChannel: state lies in the writes of ancestors
    public async Task A_lost_store_comes_back_identical_and_resumes(int delta)
    {
        string[] options = ["--schema", "agents", "--delta", $"{delta}"];
        (await langGraph.RunAsync("generate", [.. options, "--threads", "12"])).Expect(0);
        var expected = Path.Combine(tool.Folder, "expected.json");
        (await langGraph.RunAsync("judge", [.. options, "--out", expected])).Expect(0);
        var backup = (await tool.RunAsync("create", "prod")).Expect(0).Json;
        Assert.Equal((12, "full"), (backup.GetProperty("threads").GetInt32(), backup.GetProperty("strategy").GetString()));
        var verified = (await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json;
        Assert.True(verified.GetProperty("ok").GetBoolean());
        Assert.True((await tool.RunAsync("verify", backup.GetProperty("backupId").GetString()!, "--against", "prod")).Expect(0).Json.GetProperty("ok").GetBoolean());

        await database.ExecuteAsync("DROP SCHEMA agents CASCADE");
        var restored = (await tool.RunAsync("restore", "--source", "prod", "--latest", "--to", "prod")).Expect(0).Json;
        Assert.True(restored.GetProperty("exact").GetBoolean());
        Assert.Equal((12, 0), (restored.GetProperty("threads").GetInt32(), restored.GetProperty("untouched").GetInt32()));

        var judged = (await langGraph.RunAsync("judge", [.. options, "--expect", expected, "--resume", "3"])).Expect(0).Json;
        Assert.Equal((12, 3), (judged.GetProperty("threads").GetInt32(), judged.GetProperty("resumed").GetInt32()));
        Assert.Equal(5, await database.ScalarAsync<long>("SELECT count(*) FROM agents.checkpoint_migrations"));

        // Into another schema, the resumed threads as they were before; then one of them overwritten in place with its older state.
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        (await langGraph.RunAsync("judge", "--schema", "Copy of \\\"agents\\\"".Replace("\\\"", "\"\""), "--delta", $"{delta}", "--expect", expected)).Expect(0);
        Assert.Equal(5, (await tool.RunAsync("restore", "--source", "prod", "--to", "prod")).Expect(5).Json.GetProperty("error").GetProperty("code").GetInt32());
        (await tool.RunAsync("restore", "--source", "prod", "--to", "prod", "--conflict", "overwrite", "--yes")).Expect(0);
        (await langGraph.RunAsync("judge", [.. options, "--expect", expected])).Expect(0);
    }

    [Fact]
    public async Task A_backup_taken_while_LangGraph_writes_is_a_consistent_cut()
    {
        using var writing = langGraph.Start("generate", "--schema", "agents", "--forever");
        for (var turns = 0; turns < 8; turns++) Assert.NotNull(await writing.StandardOutput.ReadLineAsync());
        var backup = (await tool.RunAsync("create", "prod")).Expect(0).Json;
        Assert.NotNull(await writing.StandardOutput.ReadLineAsync()); // it went on
        System.Diagnostics.Process.Start("kill", $"{writing.Id}").Dispose();
        Assert.Contains("thread", await writing.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
        var restored = (await tool.RunAsync("restore", "--backup", backup.GetProperty("backupId").GetString()!, "--to", "copy")).Expect(0).Json;
        Assert.True(restored.GetProperty("exact").GetBoolean());
        (await langGraph.RunAsync("judge", "--schema", "Copy of \"\"agents\"\"")).Expect(0);
        Assert.Equal(6, (await tool.RunAsync("verify", backup.GetProperty("backupId").GetString()!, "--against", "prod")).ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the approval is asked for inside a subgraph
    public async Task A_thread_restored_to_before_its_approval_waits_for_it_again(bool inside)
    {
        string[] options = inside ? ["--schema", "agents", "--inside"] : ["--schema", "agents"];
        var made = (await langGraph.RunAsync("approval", options)).Expect(0).Json;
        var thread = made.GetProperty("thread").GetString()!;
        var waiting = made.GetProperty("waiting");
        (await tool.RunAsync("create", "prod")).Expect(0);
        (await tool.RunAsync("restore", "--source", "prod", "--to", "prod", "--thread", thread, "--checkpoint", waiting.GetProperty("checkpoint").GetString()!, "--conflict", "overwrite", "--yes")).Expect(0);
        var now = (await langGraph.RunAsync("approval", [.. options, "--do", "state", "--thread", thread])).Expect(0).Json;
        Assert.Equal(waiting.GetProperty("next").ToString(), now.GetProperty("next").ToString());
        Assert.Equal(waiting.GetProperty("messages").GetInt32(), now.GetProperty("messages").GetInt32());
        Assert.Equal(JsonValueKind.Null, now.GetProperty("decision").ValueKind);
    }

    [Fact]
    public async Task One_thread_comes_back_beside_itself_under_another_id()
    {
        (await langGraph.RunAsync("generate", "--schema", "agents", "--threads", "6")).Expect(0);
        (await tool.RunAsync("create", "prod")).Expect(0);
        var threads = (await tool.RunAsync("thread", "list", "--source", "prod")).Expect(0).Json.GetProperty("threads");
        Assert.Equal(6, threads.GetArrayLength());
        var thread = threads[2].GetProperty("threadId").GetString()!;
        var report = (await tool.RunAsync("restore", "--source", "prod", "--to", "prod", "--thread", thread, "--as", "it's a \"copy\"")).Expect(0).Json;
        Assert.Equal((1, 6), (report.GetProperty("threads").GetInt32(), report.GetProperty("untouched").GetInt32()));
        var same = await database.ScalarAsync<bool>($"""
            SELECT (SELECT count(*) FROM agents.checkpoint_writes WHERE thread_id = '{thread}') = (SELECT count(*) FROM agents.checkpoint_writes WHERE thread_id = 'it''s a "copy"')
            """);
        Assert.True(same);
        Assert.Equal(4, (await tool.RunAsync("restore", "--source", "prod", "--to", "prod", "--thread", "nobody")).ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }
}

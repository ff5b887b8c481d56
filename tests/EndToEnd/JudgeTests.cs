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
        langGraph = new(database.ConnectionString);
        tool = new Tool().Source("prod", database.ConnectionString, "agents", writable: true).Source("copy", database.ConnectionString, "Copy of \"agents\"", writable: true).Source("middle", database.ConnectionString, "middle", writable: true);
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
        (await langGraph.RunAsync("judge", "--schema", "Copy of \"\"agents\"\"", "--delta", $"{delta}", "--expect", expected)).Expect(0);
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
    [InlineData(false, false)]
    [InlineData(true, false)] // the approval is asked for inside a subgraph
    [InlineData(true, true)] // and the subgraph's own checkpoint is named
    public async Task A_thread_restored_to_before_its_approval_waits_for_it_again(bool inside, bool inner)
    {
        string[] options = inside ? ["--schema", "agents", "--inside"] : ["--schema", "agents"];
        var made = (await langGraph.RunAsync("approval", options)).Expect(0).Json;
        var thread = made.GetProperty("thread").GetString()!;
        var waiting = made.GetProperty("waiting");
        Assert.Equal(1, waiting.GetProperty("interrupts").GetInt32());
        (await tool.RunAsync("create", "prod")).Expect(0);
        string[] point = inner
            ? ["--namespace", waiting.GetProperty("inner").GetProperty("namespace").GetString()!, "--checkpoint", waiting.GetProperty("inner").GetProperty("checkpoint").GetString()!]
            : ["--checkpoint", waiting.GetProperty("checkpoint").GetString()!];
        (await tool.RunAsync(["restore", "--source", "prod", "--to", "prod", "--thread", thread, .. point, "--conflict", "overwrite", "--yes"])).Expect(0);
        var now = (await langGraph.RunAsync("approval", [.. options, "--do", "state", "--thread", thread])).Expect(0).Json;
        Assert.Equal(waiting.GetProperty("checkpoint").GetString(), now.GetProperty("checkpoint").GetString());
        Assert.Equal(waiting.GetProperty("next").ToString(), now.GetProperty("next").ToString());
        Assert.Equal(waiting.GetProperty("messages").GetInt32(), now.GetProperty("messages").GetInt32());
        Assert.Equal(JsonValueKind.Null, now.GetProperty("decision").ValueKind);
        // Running on without a decision asks for it; it does not find one.
        var asked = (await langGraph.RunAsync("approval", [.. options, "--do", "go", "--thread", thread])).Expect(0).Json;
        Assert.Equal((1, waiting.GetProperty("next").ToString()), (asked.GetProperty("interrupts").GetInt32(), asked.GetProperty("next").ToString()));
        Assert.DoesNotContain("confirmed", asked.GetProperty("notes").ToString(), StringComparison.Ordinal);
        // And the one that is given now is the one that counts.
        var approved = (await langGraph.RunAsync("approval", [.. options, "--do", "resume", "--thread", thread])).Expect(0).Json.GetProperty("after");
        Assert.Equal("[]", approved.GetProperty("next").ToString());
        Assert.True(approved.GetProperty("messages").GetInt32() > now.GetProperty("messages").GetInt32());
        if (!inside) Assert.Contains("again", approved.GetProperty("decision").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task Threads_overwritten_with_their_older_state_are_as_LangGraph_saw_them_then(int delta)
    {
        string[] options = ["--schema", "agents", "--delta", $"{delta}"];
        string older = Path.Combine(tool.Folder, "older.json"), newer = Path.Combine(tool.Folder, "newer.json");
        (await langGraph.RunAsync("generate", [.. options, "--threads", "7"])).Expect(0);
        (await langGraph.RunAsync("judge", [.. options, "--out", older])).Expect(0);
        var backup = (await tool.RunAsync("create", "prod")).Expect(0).Json.GetProperty("backupId").GetString()!;
        (await langGraph.RunAsync("generate", [.. options, "--threads", "7", "--turns", "6", "--start", "5"])).Expect(0);
        (await langGraph.RunAsync("judge", [.. options, "--out", newer])).Expect(0);
        (await tool.RunAsync("create", "prod")).Expect(0);
        // One that forked, one that waits, one with a subgraph that asks: the fourth, the third and the first of the seed.
        var threads = (await langGraph.RunAsync("threads", "--count", "7")).Expect(0).Json.EnumerateArray().Select(t => t.GetString()!).ToArray();
        string[] back = [threads[3], threads[2], threads[0]], stay = [threads[1], threads[4], threads[5], threads[6]];
        var report = (await tool.RunAsync(["restore", "--backup", backup, "--to", "prod", .. back.SelectMany(t => new[] { "--thread", t }), "--conflict", "overwrite", "--yes"])).Expect(0).Json;
        Assert.Equal((3, 4, true), (report.GetProperty("threads").GetInt32(), report.GetProperty("untouched").GetInt32(), report.GetProperty("exact").GetBoolean()));
        (await langGraph.RunAsync("judge", [.. options, "--thread", string.Join(',', back), "--expect", older])).Expect(0);
        (await langGraph.RunAsync("judge", [.. options, "--thread", string.Join(',', stay), "--expect", newer])).Expect(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task A_checkpoint_in_the_middle_has_its_whole_state_and_the_graph_goes_on_from_it(int delta)
    {
        string[] options = ["--delta", $"{delta}"];
        (await langGraph.RunAsync("generate", ["--schema", "agents", .. options, "--threads", "1", "--turns", "5"])).Expect(0);
        (await tool.RunAsync("create", "prod")).Expect(0);
        var thread = (await langGraph.RunAsync("threads", "--count", "1")).Expect(0).Json[0].GetString()!;
        var states = (await langGraph.RunAsync("states", ["--schema", "agents", .. options, "--thread", thread])).Expect(0).Json.GetProperty("states");
        // Between snapshots too: each of several in a row.
        for (var i = states.GetArrayLength() / 2; i < (states.GetArrayLength() / 2) + 3; i++)
        {
            var wanted = states[i];
            Assert.True(wanted.GetProperty("messages").GetInt32() > 0);
            (await tool.RunAsync("restore", "--source", "prod", "--to", "middle", "--thread", thread, "--checkpoint", wanted.GetProperty("checkpoint").GetString()!, "--conflict", "overwrite", "--yes")).Expect(0);
            var now = (await langGraph.RunAsync("states", ["--schema", "middle", .. options, "--thread", thread])).Expect(0).Json.GetProperty("states");
            Assert.Equal(states.GetArrayLength() - i, now.GetArrayLength());
            for (var k = 0; k < now.GetArrayLength(); k++) Assert.Equal(states[i + k].ToString(), now[k].ToString());
        }
        var after = (await langGraph.RunAsync("states", ["--schema", "middle", .. options, "--thread", thread, "--go"])).Expect(0).Json.GetProperty("states")[0];
        Assert.True(after.GetProperty("messages").GetInt32() > states[states.GetArrayLength() / 2].GetProperty("messages").GetInt32());
        Assert.Equal("[]", after.GetProperty("next").ToString());
    }

    [Fact]
    public async Task One_namespace_comes_back_alone()
    {
        (await langGraph.RunAsync("generate", "--schema", "agents", "--threads", "4")).Expect(0);
        (await tool.RunAsync("create", "prod")).Expect(0);
        var report = (await tool.RunAsync("restore", "--source", "prod", "--to", "middle", "--namespace", "")).Expect(0).Json;
        Assert.Equal((4, true), (report.GetProperty("threads").GetInt32(), report.GetProperty("exact").GetBoolean()));
        foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" })
            Assert.Equal(0, await database.ScalarAsync<long>($"""
                SELECT count(*) FROM ((SELECT * FROM agents.{table} WHERE checkpoint_ns = '' EXCEPT ALL TABLE middle.{table}) UNION ALL (TABLE middle.{table} EXCEPT ALL SELECT * FROM agents.{table} WHERE checkpoint_ns = '')) d
                """));
        Assert.True(await database.ScalarAsync<long>("SELECT count(*) FROM agents.checkpoints WHERE checkpoint_ns <> ''") > 0);
        // LangGraph reads the root graph's history as it was.
        foreach (var thread in (await langGraph.RunAsync("threads", "--count", "4")).Expect(0).Json.EnumerateArray().Select(t => t.GetString()!))
            Assert.Equal((await langGraph.RunAsync("states", "--schema", "agents", "--thread", thread)).Expect(0).Out, (await langGraph.RunAsync("states", "--schema", "middle", "--thread", thread)).Expect(0).Out);
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

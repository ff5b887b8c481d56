using System.Text.Json;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>LangGraph JS of 2025 and its saver fill a store; what is restored from it is read and resumed by the newest ones.</summary>
public sealed class GenerationTests : IAsyncLifetime
{
    private const string Python = """
        SELECT string_agg(format('%s.%s', table_name, column_name), ' ' ORDER BY 1) || (SELECT string_agg(' ' || indexname, '' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'newer' AND indexname LIKE '%_thread_id_idx')
        FROM information_schema.columns WHERE table_schema = 'newer' AND column_name = 'task_path'
        """;

    private TestPostgres database = null!;
    private LangGraph langGraph = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        langGraph = new(database.ConnectionString);
        tool = new Tool().Source("old", database.ConnectionString, "public");
        foreach (var target in new[] { "copy", "newer", "one", "moved" }) tool.Source(target, database.ConnectionString, target, writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    [Fact]
    public async Task A_store_of_2025_is_restored_as_it_is_or_upgraded_and_the_newest_LangGraph_goes_on_with_it()
    {
        var written = (await langGraph.RunAsync("old/fill")).Expect(0).Json;
        var seen = (await langGraph.RunAsync("sent", "--schema", "public")).Expect(0).Json;
        Assert.Equal(Said(written), Said(seen));
        (await tool.RunAsync("create", "old")).Expect(0);
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());

        var plain = (await tool.RunAsync("restore", "--source", "old", "--to", "copy")).Expect(0).Json;
        var upgraded = (await tool.RunAsync("restore", "--source", "old", "--to", "newer", "--layout", "python-9")).Expect(0).Json;
        foreach (var report in new[] { plain, upgraded })
        {
            Assert.Equal((true, 0), (report.GetProperty("exact").GetBoolean(), report.GetProperty("dropped").GetArrayLength()));
            Assert.Equal(report.GetProperty("records").GetInt64(), report.GetProperty("written").EnumerateObject().Sum(k => k.Value.GetInt64()));
            Assert.Equal(await database.ScalarAsync<long>("SELECT count(*) FROM checkpoint_writes"), report.GetProperty("written").GetProperty("writes").GetInt64());
        }
        Assert.Equal(("0,1,2,3,4", "0,1,2,3,4,5,6,7,8,9"), (await MigrationsAsync("copy"), await MigrationsAsync("newer")));
        Assert.Equal("checkpoint_writes.task_path checkpoint_blobs_thread_id_idx checkpoint_writes_thread_id_idx checkpoints_thread_id_idx", await database.ScalarAsync<string>(Python));
        foreach (var schema in new[] { "copy", "newer" })
        {
            Assert.Equal("1", await database.ScalarAsync<string>($"SELECT string_agg(DISTINCT checkpoint ->> 'v', ',') FROM {schema}.checkpoints"));
            Assert.Equal(seen.ToString(), (await langGraph.RunAsync("sent", "--schema", schema)).Expect(0).Json.ToString());
        }

        // A store that is moved is upgraded by the first round, and stays so: in the rounds behind, over a death, to the end.
        string[] migrate = ["migrate", "--from", "old", "--to", "moved", "--layout"];
        var never = (await tool.RunAsync([.. migrate, "python-10"])).Expect(2).Json.GetProperty("error");
        Assert.Contains("python-8, python-9", never.GetProperty("hint").GetString(), StringComparison.Ordinal);
        await tool.DieAsync("restore.settled", [.. migrate, "python"]);
        Assert.Contains("with another --layout", (await tool.RunAsync([.. migrate, "python-8"])).Expect(2).Failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        (await tool.RunAsync([.. migrate, "python"])).Expect(0);
        Assert.Contains("their last migration is 9, not 8", (await tool.RunAsync([.. migrate, "python-8"])).Expect(2).Failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        var moved = (await tool.RunAsync([.. migrate, "python-9", "--cutover", "--yes"])).Expect(0).Json;
        Assert.Equal((true, written.EnumerateObject().Count()), (moved.GetProperty("cutOver").GetBoolean(), moved.GetProperty("threads").GetInt32()));
        Assert.Equal(("0,1,2,3,4", "0,1,2,3,4,5,6,7,8,9"), (await MigrationsAsync("public"), await MigrationsAsync("moved")));
        Assert.Equal(seen.ToString(), (await langGraph.RunAsync("sent", "--schema", "moved")).Expect(0).Json.ToString());

        // The jobs that a checkpoint of format 1 waits for were sent by its parent: they run, once, and so on.
        Assert.Equal([Done("closed \"yes\""), Done("closed 1")], await GoAsync("newer", "asks", "waits"));
        Assert.Equal("1,4", await database.ScalarAsync<string>("SELECT string_agg(DISTINCT checkpoint ->> 'v', ',') FROM newer.checkpoints WHERE thread_id = 'waits'"));

        // Alone too, from a checkpoint long past.
        var before = seen.GetProperty("over").EnumerateArray().Single(s => s.GetProperty("next").GetArrayLength() == 3).GetProperty("checkpoint").GetString()!;
        (await tool.RunAsync("restore", "--source", "old", "--to", "one", "--thread", "over", "--at", before, "--layout", "python")).Expect(0);
        Assert.Equal([Done("closed 1")], await GoAsync("one", "over"));

        // The newest saver goes on in the old store itself: one thread has checkpoints of formats 1 and 4, in one chain of backups.
        await GoAsync("public", "waits");
        Assert.Equal("incremental", (await tool.RunAsync("create", "old", "--strategy", "incremental")).Expect(0).Json.GetProperty("strategy").GetString());
        (await tool.RunAsync("restore", "--source", "old", "--to", "copy", "--conflict", "overwrite", "--yes")).Expect(0);
        Assert.Equal((await langGraph.RunAsync("sent", "--schema", "public")).Expect(0).Out, (await langGraph.RunAsync("sent", "--schema", "copy")).Expect(0).Out);
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());

        var unknown = (await tool.RunAsync("restore", "--source", "old", "--to", "one", "--layout", "python-10")).Expect(2).Json.GetProperty("error");
        Assert.Contains("python-8, python-9", unknown.GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }

    private Task<string> MigrationsAsync(string schema) => database.ScalarAsync<string>($"SELECT string_agg(v::text, ',' ORDER BY v) FROM {schema}.checkpoint_migrations");

    private static string Done(string answer) => $"planned 1|job 1.1|job 1.2|job 1.3|{answer}|planned 2|job 2.1|job 2.2|job 2.3|closed 2";

    // What the threads have done, in the end.
    private async Task<string[]> GoAsync(string schema, params string[] threads)
    {
        var seen = (await langGraph.RunAsync("sent", "--do", "go", "--schema", schema, "--thread", string.Join(',', threads))).Expect(0).Json;
        var heads = threads.Select(t => seen.GetProperty(t)[0]).ToArray();
        Assert.All(heads, head => Assert.Equal(0, head.GetProperty("next").GetArrayLength()));
        return [.. heads.Select(head => string.Join('|', head.GetProperty("values").GetProperty("done").EnumerateArray().Select(d => d.GetString())))];
    }

    // Versions of LangGraph do not order the members of a state alike.
    private static string Said(JsonElement seen) => string.Join('\n', seen.EnumerateObject().SelectMany(thread => thread.Value.EnumerateArray().Select(s =>
        $"{thread.Name} {s.GetProperty("checkpoint")} {s.GetProperty("next")} {s.GetProperty("interrupts")} {string.Join(' ', s.GetProperty("values").EnumerateObject().Select(v => $"{v.Name}={v.Value}").Order(StringComparer.Ordinal))}")));
}

using System.Text.Json;
using Backup.Contracts;
using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Clusters;

/// <summary>
/// Rounds of real conversations that a change log follows, and no backup between them: what is restored or read at a moment is what
/// LangGraph itself reported there, and goes on from there.
/// </summary>
public sealed class LogPointTests : IAsyncLifetime
{
    private const int Rounds = 2;
    // Messages in a DeltaChannel: state lies in the writes of ancestors.
    private static readonly string[] Graph = ["--delta", "4"];
    private readonly List<Moment> moments = [];
    private TestCluster cluster = null!;
    private LangGraph langGraph = null!;
    private string[] threads = [];

    private sealed record Moment(string Time, string Position, string Report, JsonElement[] States);

    private Store Store => cluster.Store;

    // The third thread is left waiting for a person after each round, the first inside its subgraph.
    private string Waiting => threads[2];

    public async ValueTask InitializeAsync()
    {
        var store = await Store.EmptyAsync();
        langGraph = new(store.ConnectionString);
        threads = [.. (await langGraph.RunAsync("threads", "--count", "3")).Expect(0).Json.EnumerateArray().Select(t => t.GetString()!)];
        await ConverseAsync(0);
        cluster = await TestCluster.LocalhostAsync(store, sources =>
        {
            sources["prod"] = TestCluster.Followed(new { Kind = "postgres", store.ConnectionString, Schema = "agents", Writable = true });
            for (var i = 0; i <= Rounds; i++)
                foreach (var name in new[] { $"position_{i}", $"time_{i}" }) sources[name] = new { Kind = "postgres", store.ConnectionString, Schema = name, Writable = true };
        });
    }

    [Fact]
    public async Task Every_moment_is_what_LangGraph_reported_there()
    {
        await UntilAsync("the log runs and has its base", log => Says(log, "state") == "running" && Says(log, "needsBase") == "False");
        for (var round = 1; round <= Rounds; round++)
        {
            await ConverseAsync(round);
            await RememberAsync();
        }
        await CoveredAsync();
        await RestoredAsync(0);
        await ThreadIsReadAsync();
        await ThreadsGoBackAsync();
        await RememberAsync();
        await CoveredAsync();
        for (var moment = 1; moment <= Rounds; moment++) await RestoredAsync(moment);
        Assert.Equal("1", $"{(await cluster.ToolAsync("list", "--source", "prod")).Expect(0).Json.GetProperty("backups").GetArrayLength()}");
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    private async Task ConverseAsync(int round) =>
        (await langGraph.RunAsync("generate", ["--schema", "agents", .. Graph, "--threads", "3", "--turns", $"{2 * (round + 1)}", "--start", $"{(2 * round) + 1}"])).Expect(0);

    private async Task RememberAsync()
    {
        var report = Path.Combine(cluster.Folder, $"moment-{moments.Count}.json");
        (await langGraph.RunAsync("judge", ["--schema", "agents", .. Graph, "--out", report])).Expect(0);
        moments.Add(new(await Store.ScalarAsync<string>("SELECT to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.USTZH:TZM')"), await Store.ScalarAsync<string>("SELECT pg_current_wal_lsn()::text"),
            report, await StatesAsync("agents", Waiting)));
    }

    private async Task<JsonElement[]> StatesAsync(string schema, string thread, params string[] options) =>
        [.. (await langGraph.RunAsync("states", ["--schema", schema, .. Graph, "--thread", thread, .. options])).Expect(0).Json.GetProperty("states").EnumerateArray()];

    private Task CoveredAsync() => UntilAsync("the last moment is in the archive", log => LogPosition.Read(Says(log.GetProperty("lastClosed"), "position")) > LogPosition.Read(moments[^1].Position));

    // Whole, by time and by position, into schemas that are not there; and the threads that waited go on when a person answers.
    private async Task RestoredAsync(int moment)
    {
        var (byTime, byPosition) = ($"time_{moment}", $"position_{moment}");
        await Task.WhenAll(RestoreAsync(moments[moment].Time, byTime), RestoreAsync(moments[moment].Position, byPosition));
        await Store.AssertSameAsync(byTime, byPosition);
        var judged = (await langGraph.RunAsync("judge", ["--schema", byTime, .. Graph, "--expect", moments[moment].Report, "--resume", "2"])).Expect(0);
        Assert.Equal(moment < Rounds ? "2" : "1", judged["resumed"]);
    }

    private async Task RestoreAsync(string at, string to)
    {
        var restored = (await cluster.ToolAsync("restore", "--source", "prod", "--at", at, "--to", to)).Expect(0);
        Assert.Equal(("True", "3"), (restored["exact"], restored["threads"]));
    }

    private async Task ThreadIsReadAsync()
    {
        string[] thread = ["--source", "prod", "--thread", Waiting];
        for (var i = 0; i < 2; i++)
        {
            var read = (await cluster.ToolAsync(["thread", "get", .. thread, "--at", i == 0 ? moments[i].Position : moments[i].Time])).Expect(0);
            Assert.Equal(Text(moments[i].States[0], "checkpoint"), read["checkpointId"]);
            Assert.Equal(moments[i].States[0].GetProperty("parent").ToString(), read["parentId"]);
        }
        var difference = (await cluster.ToolAsync(["thread", "diff", .. thread, "--from", moments[0].Time, "--to", moments[1].Position])).Expect(0).Json;
        Assert.Equal(moments[1].States.Select(s => Text(s, "checkpoint")).Except(moments[0].States.Select(s => Text(s, "checkpoint"))),
            difference.GetProperty("checkpoints").EnumerateArray().Where(c => Text(c, "namespace").Length == 0).Select(c => Text(c, "checkpointId")));
        Assert.All(difference.GetProperty("checkpoints").EnumerateArray(), c => Assert.Equal("came", Text(c, "change")));
        Assert.Equal("none", (await cluster.ToolAsync(["thread", "diff", .. thread, "--from", moments[1].Position, "--to", moments[1].Time])).Expect(0)["change"]);
    }

    // In the store that is written to and followed.
    private async Task ThreadsGoBackAsync()
    {
        // To the checkpoint it waited at, just before it was answered: with the question, without the answer.
        await GoesBackAsync(Waiting, Text(moments[0].States[0], "checkpoint"));
        (await langGraph.RunAsync("judge", ["--schema", "agents", .. Graph, "--thread", Waiting, "--expect", moments[0].Report])).Expect(0);
        // To the first moment: it waits there again, and goes on when a person answers.
        await GoesBackAsync(Waiting, moments[0].Time);
        Assert.Equal("1", (await langGraph.RunAsync("judge", ["--schema", "agents", .. Graph, "--thread", Waiting, "--expect", moments[0].Report, "--resume", "1"])).Expect(0)["resumed"]);
        // To a checkpoint in the middle of a conversation.
        var states = await StatesAsync("agents", threads[1]);
        var kept = states[(states.Length / 2)..];
        await GoesBackAsync(threads[1], Text(kept[0], "checkpoint"));
        Assert.Equal(kept.Select(s => (Text(s, "checkpoint"), Text(s, "values"))), (await StatesAsync("agents", threads[1])).Select(s => (Text(s, "checkpoint"), Text(s, "values"))));
        Assert.True((await StatesAsync("agents", threads[1], "--go")).Length > kept.Length);
        (await langGraph.RunAsync("judge", ["--schema", "agents", .. Graph, "--thread", threads[0], "--expect", moments[^1].Report])).Expect(0);
    }

    private async Task GoesBackAsync(string thread, string at)
    {
        var report = (await cluster.ToolAsync("restore", "--source", "prod", "--at", at, "--thread", thread, "--to", "prod", "--conflict", "overwrite", "--yes")).Expect(0);
        Assert.Equal(("1", "True"), (report["threads"], report["exact"]));
    }

    private static string Says(JsonElement log, string name) => log.GetProperty(name).ToString();

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    // Writes what stands there already, so that no moment is another one for it.
    private Task<JsonElement> UntilAsync(string what, Func<JsonElement, bool> condition) => cluster.UntilLogAsync(what, condition, "UPDATE agents.checkpoint_blobs SET type = type WHERE channel = 'turn'");
}

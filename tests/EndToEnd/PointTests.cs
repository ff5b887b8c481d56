using System.Text.Json;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>
/// Rounds of real conversations with a backup after each: what is restored or read at a point between two of them is what LangGraph
/// itself reported there.
/// </summary>
public sealed class PointTests : IAsyncLifetime
{
    private static readonly string[] Strategies = ["full", "incremental", "differential", "incremental"];
    private readonly List<Round> rounds = [];
    private TestPostgres database = null!;
    private LangGraph langGraph = null!;
    private Tool tool = null!;
    private string[] threads = [];

    private sealed record Round(string BackupId, string CutTime, string Time, string Position, string Report, JsonElement[] States);

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        langGraph = new(database.ConnectionString);
        tool = new Tool().Source("prod", database.ConnectionString, "agents", writable: true);
        for (var i = 0; i < Strategies.Length; i++) tool.Source($"at_{i}", database.ConnectionString, $"at_{i}", writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
        threads = [.. (await langGraph.RunAsync("threads", "--count", "6")).Expect(0).Json.EnumerateArray().Select(t => t.GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }

    // With messages in a DeltaChannel state lies in the writes of ancestors. Plain channels too where RECOVERY is all (tests/proof.sh recovery).
    public static TheoryData<int> Channels() => Environment.GetEnvironmentVariable("RECOVERY") == "all" ? [0, 4] : [4];

    [Theory, MemberData(nameof(Channels))]
    public async Task Every_point_is_what_LangGraph_reported_there(int delta)
    {
        string[] options = ["--delta", $"{delta}"];
        await LiveAsync(options);
        for (var i = 0; i < rounds.Count; i++)
        {
            // The very cut, some moment behind it, and the last moment before the next.
            var point = (i % 3) switch { 0 => rounds[i].CutTime, 1 => rounds[i].Time, _ => rounds[i].Position };
            var plan = (await tool.RunAsync("restore", "--source", "prod", "--at", point, "--to", $"at_{i}", "--dry-run")).Expect(0).Json;
            Assert.Equal((rounds[i].BackupId, rounds[i].CutTime), (Text(plan, "backupId"), Text(plan, "cutTime")));
            var restored = (await tool.RunAsync("restore", "--source", "prod", "--at", point, "--to", $"at_{i}")).Expect(0).Json;
            Assert.Equal((rounds[i].BackupId, rounds[i].CutTime, true), (Text(restored, "backupId"), Text(restored, "cutTime"), restored.GetProperty("exact").GetBoolean()));
            (await langGraph.RunAsync("judge", ["--schema", $"at_{i}", .. options, "--expect", rounds[i].Report])).Expect(0);
        }
        await OneThreadGoesBackAsync(options);
        await OneCheckpointIsAPointAsync(options);
        await StatesAreThoseOfLangGraphAsync(delta > 0);
        await DifferencesAreThoseOfLangGraphAsync(delta > 0);
        await HistoryHasEveryPointAsync();
        await PointsThatAreNoneAreRefusedAsync();
    }

    // Four rounds; in the last the fifth thread is deleted, which the sixth was born for.
    private async Task LiveAsync(string[] options)
    {
        for (var round = 0; round < Strategies.Length; round++)
        {
            (await langGraph.RunAsync("generate", ["--schema", "agents", .. options, "--threads", round == 0 ? "5" : "4", "--turns", $"{2 * (round + 1)}", "--start", $"{(2 * round) + 1}"])).Expect(0);
            if (round == 1) (await langGraph.RunAsync("generate", ["--schema", "agents", .. options, "--first", "6", "--threads", "1", "--turns", "2"])).Expect(0);
            if (round == 3) await database.ExecuteAsync(string.Join("; ", new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" }.Select(t => $"DELETE FROM agents.{t} WHERE thread_id = '{threads[4]}'")));
            var report = Path.Combine(tool.Folder, $"round-{round}.json");
            (await langGraph.RunAsync("judge", ["--schema", "agents", .. options, "--out", report])).Expect(0);
            var backup = (await tool.RunAsync("create", "prod", "--strategy", Strategies[round])).Expect(0).Json;
            Assert.Equal((Strategies[round], round == 0 ? JsonValueKind.Null : JsonValueKind.String), (Text(backup, "strategy"), backup.GetProperty("baseId").ValueKind));
            var states = (await langGraph.RunAsync("states", ["--schema", "agents", .. options, "--thread", threads[0], "--values"])).Expect(0).Json.GetProperty("states");
            rounds.Add(new(Text(backup, "backupId"), Text(backup, "cutTime"),
                await database.ScalarAsync<string>("SELECT to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.USTZH:TZM')"), await database.ScalarAsync<string>("SELECT pg_current_wal_insert_lsn()::text"),
                report, [.. states.EnumerateArray()]));
        }
        Assert.True(rounds[0].States.Length < rounds[^1].States.Length);
    }

    private async Task OneThreadGoesBackAsync(string[] options)
    {
        var report = (await tool.RunAsync("restore", "--source", "prod", "--at", rounds[1].Time, "--thread", threads[1], "--to", "prod", "--conflict", "overwrite", "--yes")).Expect(0).Json;
        Assert.Equal((rounds[1].BackupId, 1, true), (Text(report, "backupId"), report.GetProperty("threads").GetInt32(), report.GetProperty("exact").GetBoolean()));
        (await langGraph.RunAsync("judge", ["--schema", "agents", .. options, "--thread", threads[1], "--expect", rounds[1].Report])).Expect(0);
        (await langGraph.RunAsync("judge", ["--schema", "agents", .. options, "--thread", $"{threads[0]},{threads[2]},{threads[3]},{threads[5]}", "--expect", rounds[3].Report])).Expect(0);
    }

    // In the middle of the second round: the newest backup holds it too, and the thread goes back to it with all it needs.
    private async Task OneCheckpointIsAPointAsync(string[] options)
    {
        var wanted = Enumerable.Range(rounds[1].States.Length / 3, rounds[1].States.Length / 3).First(i => rounds[1].States[i].GetProperty("writes").GetArrayLength() > 0);
        var id = Text(rounds[1].States[wanted], "checkpoint");
        var report = (await tool.RunAsync("restore", "--source", "prod", "--at", id, "--thread", threads[0], "--to", "at_1", "--conflict", "overwrite", "--yes")).Expect(0).Json;
        Assert.Equal((rounds[3].BackupId, true), (Text(report, "backupId"), report.GetProperty("exact").GetBoolean()));
        var now = (await langGraph.RunAsync("states", ["--schema", "at_1", .. options, "--thread", threads[0], "--values"])).Expect(0).Json.GetProperty("states");
        Assert.Equal(rounds[1].States.Skip(wanted).Select(s => (Text(s, "checkpoint"), Text(s, "values"))), now.EnumerateArray().Select(s => (Text(s, "checkpoint"), Text(s, "values"))));
        // What is read at the point is what the restore brought.
        var read = await GetAsync("--at", id);
        Assert.Equal(now[0].GetProperty("writes").GetArrayLength(), read.GetProperty("writes").GetArrayLength());
        Assert.True((await GetAsync("--checkpoint", id)).GetProperty("writes").GetArrayLength() > 0);
    }

    private async Task StatesAreThoseOfLangGraphAsync(bool delta)
    {
        foreach (var round in rounds)
        {
            var head = round.States[0];
            var read = await GetAsync("--at", round.Time);
            Assert.Equal((round.BackupId, round.CutTime, Text(head, "checkpoint")), (Text(read, "backupId"), Text(read, "cutTime"), Text(read, "checkpointId")));
            AssertSame(head, read, delta);
        }
        // Every checkpoint of the last backup, as it is stored.
        var deltas = 0;
        foreach (var state in rounds[^1].States.Where((_, i) => i % 8 == 0))
            deltas += AssertSame(state, await GetAsync("--checkpoint", Text(state, "checkpoint")), delta);
        Assert.Equal(delta, deltas > 0);
    }

    private static int AssertSame(JsonElement reported, JsonElement read, bool delta)
    {
        Assert.Equal(reported.GetProperty("parent").ToString(), read.GetProperty("parentId").ToString());
        Assert.Equal(Text(reported, "checkpoint"), read.GetProperty("envelope").GetProperty("id").GetString());
        Assert.True(read.GetProperty("metadata").TryGetProperty("step", out _));
        Assert.Equal(reported.GetProperty("writes").EnumerateArray().Select(w => w.GetString()).Order(), read.GetProperty("writes").EnumerateArray().Select(w => $"{Text(w, "taskId")} {Text(w, "channel")}").Order());
        var channels = read.GetProperty("channels").EnumerateArray().ToDictionary(c => Text(c, "channel"));
        var deltas = 0;
        foreach (var value in reported.GetProperty("state").EnumerateObject())
        {
            if (!channels.TryGetValue(value.Name, out var channel))
            {
                Assert.True(value.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object or JsonValueKind.Number, value.Name); // a default that was never stored
                continue;
            }
            if (Text(channel, "place") == "delta")
            {
                Assert.Equal((true, "messages"), (delta, value.Name));
                Assert.True(value.Value.GetArrayLength() == 0 || channel.GetProperty("ancestorWrites").GetInt32() > 0);
                deltas++;
                continue;
            }
            Assert.Equal("blob", Text(channel, "place"));
            var stored = channel.GetProperty("value");
            // A snapshot of a DeltaChannel stands in a wrapper of LangGraph's own.
            if (delta && value.Name == "messages") stored = stored.GetProperty("value");
            Assert.True(JsonElement.DeepEquals(value.Value, stored), $"{value.Name}: {value.Value} and {stored}");
        }
        return deltas;
    }

    private async Task DifferencesAreThoseOfLangGraphAsync(bool delta)
    {
        var (before, after) = (rounds[0].States, rounds[1].States);
        var difference = await DiffAsync(threads[0], rounds[0].Time, rounds[1].Position);
        Assert.Equal(("changed", rounds[0].BackupId, rounds[1].BackupId), (Text(difference, "change"), Text(difference.GetProperty("from"), "backupId"), Text(difference.GetProperty("to"), "backupId")));
        Assert.Equal((Text(before[0], "checkpoint"), Text(after[0], "checkpoint")), (Text(difference.GetProperty("from"), "checkpointId"), Text(difference.GetProperty("to"), "checkpointId")));
        Assert.Equal(after.Select(s => Text(s, "checkpoint")).Except(before.Select(s => Text(s, "checkpoint"))),
            difference.GetProperty("checkpoints").EnumerateArray().Where(c => Text(c, "namespace").Length == 0).Select(c => Text(c, "checkpointId")));
        Assert.All(difference.GetProperty("checkpoints").EnumerateArray(), c => Assert.Equal("came", Text(c, "change")));
        // Of the channels that LangGraph shows, exactly those whose value is another one; of a delta channel the versions tell.
        var (was, now) = (before[0].GetProperty("state"), after[0].GetProperty("state"));
        var changed = now.EnumerateObject().Select(v => v.Name).Where(n => !was.TryGetProperty(n, out var old) || !JsonElement.DeepEquals(old, now.GetProperty(n))).Where(n => !delta || n != "messages").Order(StringComparer.Ordinal).ToList();
        Assert.Contains("topic", changed);
        var shown = difference.GetProperty("channels").EnumerateArray().Where(c => now.TryGetProperty(Text(c, "channel"), out _) && (!delta || Text(c, "channel") != "messages")).ToList();
        Assert.Equal(changed, shown.Select(c => Text(c, "channel")));
        foreach (var channel in shown)
        {
            Assert.True(JsonElement.DeepEquals(now.GetProperty(Text(channel, "channel")), channel.GetProperty("to").GetProperty("value")));
            if (channel.GetProperty("from").ValueKind != JsonValueKind.Null)
                Assert.True(JsonElement.DeepEquals(was.GetProperty(Text(channel, "channel")), channel.GetProperty("from").GetProperty("value")));
        }
        Assert.Equal("none", Text(await DiffAsync(threads[0], rounds[0].CutTime, rounds[0].Time), "change"));
        Assert.Equal("created", Text(await DiffAsync(threads[5], rounds[0].Time, rounds[1].Time), "change"));
        var deleted = await DiffAsync(threads[4], rounds[2].Time, rounds[3].Time);
        Assert.Equal(("deleted", 0), (Text(deleted, "change"), deleted.GetProperty("to").GetProperty("records").GetInt32()));
        Assert.All(deleted.GetProperty("checkpoints").EnumerateArray(), c => Assert.Equal("went", Text(c, "change")));
        // Between two steps of one backup.
        var step = await DiffAsync(threads[0], Text(after[3], "checkpoint"), Text(after[2], "checkpoint"));
        Assert.Equal(Text(after[2], "checkpoint"), Text(step.GetProperty("checkpoints").EnumerateArray().Single(c => Text(c, "namespace").Length == 0), "checkpointId"));
    }

    private async Task HistoryHasEveryPointAsync()
    {
        var history = (await tool.RunAsync("thread", "history", "--source", "prod", "--thread", threads[0])).Expect(0).Json.GetProperty("checkpoints").EnumerateArray().Where(c => Text(c, "namespace").Length == 0).ToList();
        Assert.Equal(rounds[^1].States.Select(s => Text(s, "checkpoint")), history.Select(c => Text(c, "checkpointId")));
        foreach (var checkpoint in history)
        {
            var first = rounds.First(r => r.States.Any(s => Text(s, "checkpoint") == Text(checkpoint, "checkpointId")));
            Assert.Equal((first.BackupId, first.CutTime, rounds[^1].BackupId, true), (Text(checkpoint, "firstBackupId"), Text(checkpoint, "firstCutTime"), Text(checkpoint, "lastBackupId"), checkpoint.GetProperty("inLatest").GetBoolean()));
        }
        // A deleted thread has a history still, and its last point can be read and restored.
        var gone = (await tool.RunAsync("thread", "history", "--source", "prod", "--thread", threads[4])).Expect(0).Json.GetProperty("checkpoints")[0];
        Assert.Equal((rounds[2].BackupId, false), (Text(gone, "lastBackupId"), gone.GetProperty("inLatest").GetBoolean()));
        (await tool.RunAsync("thread", "get", "--source", "prod", "--thread", threads[4])).Expect(4);
        (await tool.RunAsync("thread", "get", "--source", "prod", "--thread", threads[4], "--at", Text(gone, "lastCutTime"))).Expect(0);
        (await tool.RunAsync("restore", "--source", "prod", "--thread", threads[4], "--to", "prod")).Expect(4);
        (await tool.RunAsync("restore", "--source", "prod", "--thread", threads[4], "--at", Text(gone, "lastCutTime"), "--to", "prod")).Expect(0);
    }

    private async Task PointsThatAreNoneAreRefusedAsync()
    {
        var before = DateTimeOffset.Parse(rounds[0].CutTime, System.Globalization.CultureInfo.InvariantCulture).AddTicks(-1).ToString("o");
        var early = (await tool.RunAsync("restore", "--source", "prod", "--at", before, "--to", "at_0")).Expect(4).Json.GetProperty("error");
        Assert.Contains($"--at {DateTimeOffset.Parse(rounds[0].CutTime, System.Globalization.CultureInfo.InvariantCulture).UtcDateTime:yyyy-MM-ddTHH:mm:ss.FFFFFFF}Z", Text(early, "hint"), StringComparison.Ordinal);
        Assert.Contains("--at", Text((await tool.RunAsync("restore", "--source", "prod", "--at", "0/1", "--to", "at_0")).Expect(4).Json.GetProperty("error"), "hint"), StringComparison.Ordinal);
        (await tool.RunAsync("restore", "--source", "prod", "--at", "1f000000-0000-6000-8000-000000000000", "--thread", threads[0], "--to", "at_0")).Expect(4);
        (await tool.RunAsync("restore", "--source", "prod", "--at", "2026-11-24T14:05:00", "--to", "at_0")).Expect(2);
        (await tool.RunAsync("thread", "get", "--source", "nobody", "--thread", threads[0])).Expect(4);
        // An archive whose newest backup was taken away: what is newest at a point is not known.
        foreach (var seal in Directory.EnumerateFiles(Path.Combine(tool.Archive, "seals")).Order().TakeLast(1)) File.Delete(seal);
        (await tool.RunAsync("restore", "--source", "prod", "--at", rounds[0].Time, "--to", "at_0")).Expect(3);
        (await tool.RunAsync("thread", "get", "--source", "prod", "--thread", threads[0], "--at", rounds[0].Time)).Expect(3);
    }

    private async Task<JsonElement> GetAsync(params string[] options) => (await tool.RunAsync(["thread", "get", "--source", "prod", "--thread", threads[0], .. options])).Expect(0).Json;

    private async Task<JsonElement> DiffAsync(string thread, string from, string to) => (await tool.RunAsync("thread", "diff", "--source", "prod", "--thread", thread, "--from", from, "--to", to)).Expect(0).Json;

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}

using Backup.Contracts;

namespace Backup.Tests.Tool.Surface;

public sealed class CommandTests : IDisposable
{
    private readonly ToolRun tool = new();

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task Init_names_the_key_file_it_made()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Contains("/k", tool.Out);
        Assert.Contains("without a copy", tool.Out);
        Assert.True(tool.Runner.Disposed);
    }

    [Fact]
    public async Task Check_with_damage_exits_3()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "check", "main"));
        tool.Runner.Checked = tool.Runner.Checked with { Findings = [new() { Object = "seals/1", Offset = 12, Problem = "cut short" }] };
        Assert.Equal(3, await tool.RunAsync("archive", "check", "main"));
        Assert.Contains("damage: seals/1 at offset 12: cut short", tool.Out);
        Assert.Equal(3, await tool.RunAsync("archive", "check", "main", "--json"));
        Assert.False(tool.Json.GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Several_sources_are_backed_up_together()
    {
        Assert.Equal(0, await tool.RunAsync("create", "prod", "spare"));
        Assert.Equal(["prod", "spare"], tool.Runner.Asked.OfType<BackupRequest>().Select(r => r.Source).Order());
        Assert.Equal([FakeRunner.BackupId, FakeRunner.BackupId], tool.Runner.Asked.OfType<CutVectorRequest>().Single().BackupIds);
        Assert.Contains("0.25 s from the first cut to the last", tool.Out);
        Assert.Contains("backup of 2 sources: capturing, 20 of about 200 threads", tool.Error);
        Assert.Equal(0, await tool.RunAsync("list", "--vectors"));
        Assert.Contains("vector 20260102t030405009-abcdefgh, asked for 2026-01-02 03:04:05 UTC", tool.Out);
        Assert.Contains("removed", tool.Out);
        Assert.Equal(0, await tool.RunAsync("list", "--vectors", "--source", "other", "--json"));
        Assert.Equal(0, tool.Json.GetProperty("vectors").GetArrayLength());
        Assert.Equal(2, await tool.RunAsync("create", "prod", "prod"));
        Assert.Equal(4, await tool.RunAsync("create", "prod", "unknown"));
        Assert.Equal(2, await tool.RunAsync("create", "prod", "spare", "--detach"));

        tool.Runner.Asked.Clear();
        tool.Runner.FailsFor = "prod";
        Assert.Equal(8, await tool.RunAsync("create", "prod", "spare"));
        Assert.Contains("no cut vector was recorded, because the backup of prod failed: no answer", tool.Error);
        Assert.Contains($"Start it. Of the others, these stand for themselves: {FakeRunner.BackupId} of prod", tool.Error);
        Assert.Empty(tool.Runner.Asked.OfType<CutVectorRequest>());
    }

    [Fact]
    public async Task Check_names_what_is_inert()
    {
        tool.Runner.Checked = tool.Runner.Checked with { InertRuns = 1, Inert = [new() { RunId = FakeRunner.BackupId, Kind = InertKind.Unsealed, Since = FakeRunner.Time, Objects = 3, Bytes = 2_500_000 }] };
        Assert.Equal(0, await tool.RunAsync("archive", "check", "main"));
        Assert.Contains($"inert: {FakeRunner.BackupId} never sealed, silent since 2026-01-02 03:04:05 UTC, 3 objects, 2.50 MB", tool.Out);
        Assert.Equal(0, await tool.RunAsync("archive", "check", "main", "--json"));
        Assert.Equal("unsealed", tool.Json.GetProperty("inert")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Compact_asks_for_what_was_written_and_says_what_it_did()
    {
        Assert.Equal(0, await tool.RunAsync("compact", "--source", "gone"));
        Assert.Equal(new CompactRequest { Source = "gone", Archive = "main" }, tool.Runner.Asked[^1]);
        Assert.Contains("nothing to compact of prod in main", tool.Out);
        var derived = new DerivedBackup { Of = FakeRunner.BackupId, Strategy = "merged", Inputs = ["a", "b"], InputBytes = 2_500_000, Reason = "7 layers, where 4 will do" };
        tool.Runner.Compacted = tool.Runner.Compacted with { Derived = [derived], LayersBefore = 7, LayersAfter = 3, BytesWritten = 2_500_000, Levels = [new() { From = "0/1", To = "0/2", Ticks = 32, Changes = 5 }] };
        Assert.Equal(0, await tool.RunAsync("compact", "--source", "prod", "--dry-run"));
        Assert.Equal(new CompactRequest { Source = "prod", Archive = "main", DryRun = true }, tool.Runner.Asked[^1]);
        Assert.Contains("nothing was written", tool.Out);
        Assert.Contains("3, were 7", tool.Out);
        Assert.Contains($"merged: {FakeRunner.BackupId} from 2 layers, 2.50 MB: 7 layers, where 4 will do", tool.Out);
        Assert.Contains("level: 0/1 to 0/2 from 32 ticks, 5 changes", tool.Out);
        Assert.Equal(0, await tool.RunAsync("compact", "--source", "prod", "--json"));
        Assert.Equal((7, "merged"), (tool.Json.GetProperty("layersBefore").GetInt32(), tool.Json.GetProperty("derived")[0].GetProperty("strategy").GetString()));
        Assert.Equal(2, await tool.RunAsync("compact"));
        tool.Runner.Fails = new BackupException(ErrorKind.NotFound, "there is no backup of source 'prod'");
        Assert.Equal(4, await tool.RunAsync("compact", "--source", "prod"));
    }

    [Fact]
    public async Task Collect_asks_for_what_was_written_and_says_what_it_did()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "collect", "main"));
        Assert.Contains("nothing to collect in archive main", tool.Out);
        var run = new InertRun { RunId = FakeRunner.BackupId, Kind = InertKind.Marked, Since = FakeRunner.Time, Marked = FakeRunner.Time.AddDays(1), Objects = 3, Bytes = 2_500_000 };
        tool.Runner.Collected = tool.Runner.Collected with { Swept = [run], Waiting = [run with { Kind = InertKind.LeftOver, Until = FakeRunner.Time.AddDays(2) }], Objects = 3, Bytes = 2_500_000 };
        Assert.Equal(0, await tool.RunAsync("archive", "collect", "main", "--dry-run", "--older-than", "7d"));
        Assert.Equal(new CollectRequest { Archive = "main", DryRun = true, OlderThan = TimeSpan.FromDays(7) }, tool.Runner.Asked[^1]);
        Assert.Contains("nothing was changed", tool.Out);
        Assert.Contains("1 run, 3 objects, 2.50 MB", tool.Out);
        Assert.Contains($"waiting: {FakeRunner.BackupId} left over", tool.Out);
        Assert.Contains("until 2026-01-04 03:04:05 UTC", tool.Out);
        Assert.Equal(0, await tool.RunAsync("archive", "collect", "main", "--json"));
        Assert.Equal(("marked", 3), (tool.Json.GetProperty("swept")[0].GetProperty("kind").GetString(), tool.Json.GetProperty("objects").GetInt32()));
        foreach (var age in new[] { "", "h", "7", "-1d", "1.5h", "7 d", "9999999999h", "40000d", "2w" })
        {
            Assert.Equal(2, await tool.RunAsync("archive", "collect", "main", $"--older-than={age}"));
            Assert.Equal(3, tool.Runner.Asked.Count);
        }
    }

    [Fact]
    public async Task Create_asks_for_what_was_written_and_reports()
    {
        Assert.Equal(0, await tool.RunAsync("create", "prod", "--strategy", "full"));
        var request = Assert.IsType<BackupRequest>(Assert.Single(tool.Runner.Asked));
        Assert.Equal(("prod", "main", BackupStrategyKind.Full), (request.Source, request.Archive, request.Strategy));
        Assert.Contains("404 MB captured, 11.3 MB stored (35.8 × smaller)", tool.Out);
        Assert.Contains("backup of prod: capturing, 10 of about 100 threads", tool.Error);
    }

    [Fact]
    public async Task Create_with_json_has_the_promised_properties_and_nothing_else_on_stdout()
    {
        Assert.Equal(0, await tool.RunAsync("create", "prod", "--json"));
        var json = tool.Json;
        Assert.Equal(FakeRunner.BackupId, json.GetProperty("backupId").GetString());
        Assert.Equal("full", json.GetProperty("strategy").GetString());
        Assert.Equal((1234, 56789, 404_000_000, 11_300_000, 1.4), (json.GetProperty("threads").GetInt64(), json.GetProperty("records").GetInt64(),
            json.GetProperty("rawBytes").GetInt64(), json.GetProperty("storedBytes").GetInt64(), json.GetProperty("seconds").GetDouble()));
    }

    [Fact]
    public async Task Detach_needs_a_cluster()
    {
        Assert.Equal(2, await tool.RunAsync("create", "prod", "--detach"));
        Assert.Empty(tool.Runner.Asked);
        using var clustered = new ToolRun("""{"Backup":{"Cluster":{"Kind":"localhost"},"Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k"}}}}""");
        Assert.Equal(0, await clustered.RunAsync("create", "prod", "--detach"));
        Assert.Contains("backup run watch " + FakeRunner.BackupId, clustered.Out);
    }

    [Fact]
    public async Task List_and_show()
    {
        Assert.Equal(0, await tool.RunAsync("list", "--source", "gone", "--json"));
        Assert.Equal(("main", (string?)"gone"), Assert.Single(tool.Runner.Asked));
        Assert.Equal(FakeRunner.BackupId, tool.Json.GetProperty("backups")[0].GetProperty("backupId").GetString());
        Assert.Equal(0, await tool.RunAsync("list"));
        Assert.Contains("2026-01-02 03:04:05 UTC", tool.Out);
        Assert.Equal(0, await tool.RunAsync("show", "2026"));
        Assert.Contains("state root  beef", tool.Out);
    }

    [Fact]
    public async Task Verify_exit_codes()
    {
        Assert.Equal(0, await tool.RunAsync("verify", "--all"));
        Assert.Contains("data not read", tool.Out);
        var finding = new Finding { Object = "segments/1", Offset = 5, Problem = "changed", Threads = ["a", "b"], ThreadCount = 9, Advice = "restore it from a replica" };
        tool.Runner.Verified = tool.Runner.Verified with { Ok = false, Differences = [finding] };
        Assert.Equal(6, await tool.RunAsync("verify", "2026", "--against", "prod"));
        tool.Runner.Verified = tool.Runner.Verified with { Findings = [finding] };
        Assert.Equal(3, await tool.RunAsync("verify", "--all", "--deep", "--json"));
        var json = tool.Json.GetProperty("findings")[0];
        Assert.Equal(("segments/1", 5, "changed", "a"), (json.GetProperty("object").GetString(), json.GetProperty("offset").GetInt64(), json.GetProperty("problem").GetString(), json.GetProperty("threads")[0].GetString()));
        Assert.Equal(3, await tool.RunAsync("verify", "--all", "--deep"));
        Assert.Contains("affected: a, b and 7 more", tool.Out);
    }

    [Fact]
    public async Task Verify_asks_for_what_was_written()
    {
        await tool.RunAsync("verify", "2026", "--deep", "--against", "prod");
        var request = Assert.IsType<VerifyRequest>(tool.Runner.Asked[^1]);
        Assert.Equal(("2026", true, "prod"), (request.BackupId, request.Deep, request.Against));
    }

    [Fact]
    public async Task Threads_are_listed_in_json_as_one_object()
    {
        tool.Runner.Threads = [.. Enumerable.Range(0, 3000).Select(i => $"thread \"{i}\" ü")];
        Assert.Equal(0, await tool.RunAsync("thread", "list", "--source", "prod", "--json"));
        var threads = tool.Json.GetProperty("threads");
        Assert.Equal(3000, threads.GetArrayLength());
        Assert.Equal("thread \"2999\" ü", threads[2999].GetProperty("threadId").GetString());
    }

    [Fact]
    public async Task An_error_in_the_middle_of_a_list_leaves_only_the_error_on_stdout()
    {
        tool.Runner.ThreadsFailAfter = new DamageException("pages/1", 7, "changed");
        Assert.Equal(3, await tool.RunAsync("thread", "list", "--source", "prod", "--json"));
        var error = tool.Json.GetProperty("error");
        Assert.Equal(("damage", "pages/1", 7), (error.GetProperty("kind").GetString(), error.GetProperty("object").GetString(), error.GetProperty("offset").GetInt64()));
    }

    [Fact]
    public async Task Control_characters_of_ids_do_not_reach_the_terminal()
    {
        tool.Runner.Threads = ["evil\u001b[2J\nid"];
        Assert.Equal(0, await tool.RunAsync("thread", "list", "--source", "prod"));
        Assert.Contains("evil\\u001b[2J\\u000aid", tool.Out);
        Assert.DoesNotContain('\u001b', tool.Out);
    }

    [Fact]
    public async Task Thread_show_and_history()
    {
        Assert.Equal(0, await tool.RunAsync("thread", "show", "--source", "prod", "--thread", "t 1"));
        Assert.Contains("thread t 1 is in 1 backup", tool.Out);
        Assert.Equal(0, await tool.RunAsync("thread", "history", "--source", "prod", "--thread", "t 1", "--json"));
        Assert.Equal("c1", tool.Json.GetProperty("checkpoints")[0].GetProperty("checkpointId").GetString());
        Assert.Equal(("main", "prod", "t 1"), tool.Runner.Asked[^1]);
    }

    [Fact]
    public async Task Log_status()
    {
        Assert.Equal(0, await tool.RunAsync("log", "status", "--source", "prod"));
        Assert.Equal(((string?)null, "prod"), tool.Runner.Asked[^1]);
        Assert.Contains("change log of prod: running", tool.Out);
        Assert.Contains("2026-01-02 02:04:05 UTC to 2026-01-02 03:04:05 UTC", tool.Out);
        Assert.Contains("the slot was not there", tool.Out);
        Assert.Equal(0, await tool.RunAsync("log", "status", "--source", "prod", "--archive", "main", "--json"));
        Assert.Equal(("main", "prod"), tool.Runner.Asked[^1]);
        var json = tool.Json;
        Assert.Equal(("running", 1.5, 2_000_000, "16/B374D848", "silo-a", 3, false),
            (json.GetProperty("state").GetString(), json.GetProperty("lagSeconds").GetDouble(), json.GetProperty("lagBytes").GetInt64(), json.GetProperty("lastClosed").GetProperty("position").GetString(),
            json.GetProperty("owner").GetString(), json.GetProperty("epoch").GetInt32(), json.GetProperty("needsBase").GetBoolean()));
        Assert.Equal((2, "the slot was not there"), (json.GetProperty("recoverable").GetArrayLength(), json.GetProperty("gaps")[0].GetProperty("reason").GetString()));
        Assert.Equal(FakeRunner.Time.AddHours(-5), json.GetProperty("recoverable")[0].GetProperty("from").GetDateTimeOffset());
    }

    [Fact]
    public async Task Log_status_says_what_is_in_the_way()
    {
        tool.Runner.Log = new() { Source = "prod", Archive = "main", State = LogState.Refused, Trouble = "wal_level is replica", Hint = "Set it to logical.", NeedsBase = true };
        Assert.Equal(0, await tool.RunAsync("log", "status", "--source", "prod"));
        Assert.Contains("change log of prod: refused", tool.Out);
        Assert.Contains("wal_level is replica", tool.Out);
        Assert.Contains("Set it to logical.", tool.Out);
        Assert.Contains("nothing yet", tool.Out);
    }

    [Fact]
    public async Task Runs()
    {
        Assert.Equal(0, await tool.RunAsync("run", "list", "--json"));
        Assert.Equal("capturing", tool.Json.GetProperty("runs")[0].GetProperty("state").GetString());
        Assert.Equal(0, await tool.RunAsync("run", "show", "2026"));
        Assert.Equal(0, await tool.RunAsync("run", "cancel", "2026"));
        Assert.Contains("cancelling", tool.Out);
    }

    [Theory]
    [InlineData(RunState.Done, null, 0)]
    [InlineData(RunState.Failed, ErrorKind.Unreachable, 8)]
    [InlineData(RunState.Failed, null, 1)]
    [InlineData(RunState.Cancelled, null, 130)]
    public async Task Watch_ends_as_the_run_ended(RunState state, ErrorKind? kind, int code)
    {
        tool.Runner.Run = tool.Runner.Run with { State = state, ErrorKind = kind, Error = kind is null ? null : "away" };
        Assert.Equal(code, await tool.RunAsync("run", "watch", "2026"));
    }
}

using Backup.Contracts;

namespace Backup.Tests.Tool.Surface;

public sealed class RestoreTests : IDisposable
{
    private readonly ToolRun tool = new();

    public void Dispose() => tool.Dispose();

    private RestoreRequest Asked => Assert.IsType<RestoreRequest>(tool.Runner.Asked[^1]);

    [Fact]
    public async Task The_latest_of_a_source()
    {
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--latest", "--to", "spare"));
        Assert.Equal((null, "prod", "spare", "main", null), (Asked.BackupId, Asked.Source, Asked.Target, Asked.Archive, Asked.Threads));
        Assert.Equal((ConflictPolicy.Fail, CheckpointWrites.Auto, false, false), (Asked.Conflict, Asked.Writes, Asked.Mirror, Asked.Online));
        Assert.Contains("exact", tool.Out);
    }

    [Theory]
    [InlineData("2026-11-24 14:05+01:00", "2026-11-24T13:05:00Z")]
    [InlineData("16/b374d848", "16/B374D848")]
    [InlineData("1f0a1b2c-3d4e-6f50-8123-456789abcdef", "1f0a1b2c-3d4e-6f50-8123-456789abcdef")]
    public async Task A_point_is_asked_for_by_its_canonical_text(string written, string canonical)
    {
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--at", written, "--thread", "t", "--to", "spare"));
        Assert.Equal((canonical, "prod", null, null), (Asked.At, Asked.Source, Asked.BackupId, Asked.Checkpoint));
        Assert.Contains($"true for  2026-01-02T03:04:05Z, the newest backup {(canonical.Length == 36 ? "with checkpoint" : "at or before")} {canonical}", tool.Out);
    }

    [Fact]
    public async Task A_point_that_was_confirmed_is_restored_from_the_backup_that_was_shown()
    {
        const string Id = "1f0a1b2c-3d4e-6f50-8123-456789abcdef";
        (tool.OnTerminal, tool.Input) = (true, "yes\n");
        tool.Runner.Plan = tool.Runner.Plan with { Conflicts = 1, ConflictingThreads = ["t"] };
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--at", Id, "--thread", "t", "--to", "spare", "--conflict", "overwrite", "--writes", "none"));
        Assert.Equal((FakeRunner.BackupId, null, null, Id, CheckpointWrites.None), (Asked.BackupId, Asked.Source, Asked.At, Asked.Checkpoint, Asked.Writes));
        Assert.Contains("what was true for 2026-01-02T03:04:05Z, the newest backup with checkpoint", tool.Error);
        Assert.Contains("true for  2026-01-02T03:04:05Z", tool.Out);
    }

    [Fact]
    public async Task Json_has_the_promised_properties()
    {
        Assert.Equal(0, await tool.RunAsync("restore", "--backup", FakeRunner.BackupId, "--to", "spare", "--json"));
        var json = tool.Json;
        Assert.Equal((5, 50, 7, true, 0.5, 900, 3), (json.GetProperty("threads").GetInt64(), json.GetProperty("records").GetInt64(), json.GetProperty("untouched").GetInt64(),
            json.GetProperty("exact").GetBoolean(), json.GetProperty("seconds").GetDouble(), json.GetProperty("bytesRead").GetInt64(), json.GetProperty("reads").GetInt64()));
    }

    [Fact]
    public async Task The_report_says_what_was_written_by_kind_and_what_had_no_place()
    {
        string[] restore = ["restore", "--source", "prod", "--to", "spare", "--layout", "python-9"];
        tool.Runner.Restored = tool.Runner.Restored with { Written = new() { Checkpoints = 1, Blobs = 1200, Items = 2 } };
        Assert.Equal(0, await tool.RunAsync(restore));
        Assert.Equal("python-9", Asked.Layout);
        Assert.Contains("50 written (1 checkpoint, 1,200 values, 2 memory items)", tool.Out);
        Assert.Contains("dropped  0: all that was captured has a place in the target", tool.Out);

        tool.Runner.Restored = tool.Runner.Restored with { Dropped = [new() { Of = "table", What = "index", Count = 3 }, new() { Of = "thread", What = "expiry", Count = 1 }] };
        Assert.Equal(0, await tool.RunAsync(restore));
        Assert.Contains("dropped  3 × table index, 1 × thread expiry, which the target has no place for", tool.Out);
        Assert.Equal(0, await tool.RunAsync([.. restore, "--json"]));
        Assert.Equal("""{"checkpoints":1,"blobs":1200,"writes":0,"items":2,"vectors":0}""", tool.Json.GetProperty("written").GetRawText().Replace(" ", "").ReplaceLineEndings(""));
        Assert.Equal("""[{"of":"table","what":"index","count":3},{"of":"thread","what":"expiry","count":1}]""", tool.Json.GetProperty("dropped").GetRawText().Replace(" ", "").ReplaceLineEndings(""));
    }

    [Fact]
    public async Task One_checkpoint_of_one_thread_under_another_id()
    {
        Assert.Equal(0, await tool.RunAsync("restore", "--backup", "2026", "--to", "spare", "--thread", "t", "--checkpoint", "c", "--writes", "stored", "--as", "t2", "--namespace", "", "--online", "--conflict", "skip"));
        Assert.Equal(("2026", "c", CheckpointWrites.Stored, "t2", "", true, ConflictPolicy.Skip),
            (Asked.BackupId, Asked.Checkpoint, Asked.Writes, Asked.NewThreadId, Asked.Namespace, Asked.Online, Asked.Conflict));
        Assert.Equal(["t"], Asked.Threads);
    }

    [Theory]
    [InlineData("@file")]
    [InlineData("-x")]
    [InlineData("a=b")]
    [InlineData("a:b c")]
    [InlineData("--")]
    [InlineData("--json")]
    [InlineData("ü\u202e")]
    public async Task Odd_thread_ids_arrive_as_they_are(string id)
    {
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", $"--thread={id}", "--thread", "plain"));
        Assert.Equal([id, "plain"], Asked.Threads);
    }

    [Fact]
    public async Task Threads_come_from_a_file_and_from_stdin_too()
    {
        var file = tool.Folder.File("threads", "a \r\n\nb\n#c\n");
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--thread", "b", "--threads-file", file));
        Assert.Equal(["b", "a ", "#c"], Asked.Threads);
        tool.Input = "x\ny";
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--threads-file", "-"));
        Assert.Equal(["x", "y"], Asked.Threads);
    }

    [Fact]
    public async Task A_list_without_a_thread_never_means_the_whole_store()
    {
        Assert.Equal(2, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--threads-file", tool.Folder.File("threads", "\n\n")));
        Assert.Equal(2, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--threads-file", "-"));
        Assert.Empty(tool.Runner.Asked);
    }

    [Fact]
    public async Task A_dry_run_plans_and_changes_nothing()
    {
        tool.Runner.Plan = tool.Runner.Plan with { Conflicts = 2, ConflictingThreads = ["a", "b"], Untouched = 3 };
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--dry-run"));
        Assert.IsType<(string, RestoreRequest)>(Assert.Single(tool.Runner.Asked));
        Assert.Contains("2 threads with another content: a, b", tool.Out);
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--dry-run", "--mirror", "--json"));
        Assert.Equal((900, 0), (tool.Json.GetProperty("bytesToRead").GetInt64(), tool.Json.GetProperty("dropped").GetArrayLength()));
        tool.Runner.Plan = tool.Runner.Plan with { Dropped = [new() { Of = "table", What = "layout", Count = 4 }], Expiring = 2, Warnings = ["look"] };
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--dry-run"));
        Assert.Contains("2 threads of those it writes", tool.Out);
        Assert.Contains("note: look", tool.Out);
        Assert.Contains("drop     4 × table layout, which the target has no place for", tool.Out);
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--dry-run", "--json"));
        Assert.Equal("layout", tool.Json.GetProperty("dropped")[0].GetProperty("what").GetString());
    }

    [Theory]
    [InlineData("--conflict", "overwrite")]
    [InlineData("--mirror", "--online")]
    public async Task Overwriting_and_removing_need_somebody_to_say_yes(string option, string second)
    {
        string[] args = ["restore", "--source", "prod", "--to", "spare", option, second];
        Assert.Equal(2, await tool.RunAsync(args));
        Assert.Empty(tool.Runner.Asked);
        Assert.Contains("--yes", tool.Error);
        Assert.Equal(0, await tool.RunAsync([.. args, "--yes"]));
        Assert.IsType<RestoreRequest>(Assert.Single(tool.Runner.Asked));
    }

    [Theory]
    [InlineData("yes\n", 0)]
    [InlineData("no\n", 130)]
    [InlineData("", 130)]
    public async Task On_a_terminal_it_asks(string answer, int code)
    {
        (tool.OnTerminal, tool.Input) = (true, answer);
        tool.Runner.Plan = tool.Runner.Plan with { Conflicts = 1, ConflictingThreads = ["mine"] };
        Assert.Equal(code, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--conflict", "overwrite"));
        Assert.Contains("mine", tool.Error);
        Assert.Equal(code == 0, tool.Runner.Asked[^1] is RestoreRequest { BackupId: FakeRunner.BackupId, Source: null });
    }

    [Fact]
    public async Task Nothing_to_replace_is_not_asked_about()
    {
        tool.OnTerminal = true;
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--conflict", "overwrite"));
        Assert.DoesNotContain("Type yes", tool.Error);
    }

    [Fact]
    public async Task What_is_not_exact_exits_6()
    {
        tool.Runner.Restored = tool.Runner.Restored with { Exact = false, Concurrent = ["busy"] };
        Assert.Equal(6, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--online"));
        Assert.Contains("busy", tool.Out);
        Assert.DoesNotContain(": exact", tool.Out);
    }

    [Theory]
    [InlineData("name either a backup", "--to", "spare")]
    [InlineData("name either a backup", "--backup", "b", "--source", "prod", "--to", "spare")]
    [InlineData("--to NAME is missing", "--backup", "b")]
    [InlineData("--latest goes with --source", "--backup", "b", "--latest", "--to", "spare")]
    [InlineData("--checkpoint needs exactly one --thread", "--backup", "b", "--to", "spare", "--checkpoint", "c")]
    [InlineData("--as needs exactly one --thread", "--backup", "b", "--to", "spare", "--thread", "a", "--thread", "b", "--as", "c")]
    [InlineData("--writes needs --checkpoint", "--backup", "b", "--to", "spare", "--writes", "none")]
    [InlineData("--writes needs --checkpoint", "--source", "prod", "--at", "0/1", "--to", "spare", "--writes", "none")]
    [InlineData("'yesterday' is no point", "--source", "prod", "--at", "yesterday", "--to", "spare")]
    [InlineData("time zone", "--source", "prod", "--at", "2026-11-24T14:05:00", "--to", "spare")]
    [InlineData("--at finds a backup", "--backup", "b", "--at", "0/1", "--to", "spare")]
    [InlineData("name either a backup", "--at", "0/1", "--to", "spare")]
    [InlineData("--latest and --at", "--source", "prod", "--latest", "--at", "0/1", "--to", "spare")]
    [InlineData("--at and --checkpoint", "--source", "prod", "--at", "0/1", "--checkpoint", "c", "--thread", "t", "--to", "spare")]
    [InlineData("needs exactly one --thread", "--source", "prod", "--at", "1f0a1b2c-3d4e-6f50-8123-456789abcdef", "--to", "spare")]
    [InlineData("needs exactly one --thread", "--source", "prod", "--at", "1f0a1b2c-3d4e-6f50-8123-456789abcdef", "--thread", "a", "--thread", "b", "--to", "spare")]
    [InlineData("--at needs a value", "--source", "prod", "--at", "--to", "spare")]
    [InlineData("--mirror is for whole-store", "--backup", "b", "--to", "spare", "--thread", "a", "--mirror", "--yes")]
    [InlineData("no conflict policy 'replace'", "--backup", "b", "--to", "spare", "--conflict", "replace")]
    [InlineData("prod is not writable", "--backup", "b", "--to", "prod")]
    [InlineData("cannot be read", "--backup", "b", "--to", "spare", "--threads-file", "/nowhere/ids")]
    public async Task Wrong_use_is_refused_before_anything_is_done(string message, params string[] args)
    {
        Assert.Equal(2, await tool.RunAsync(["restore", .. args]));
        Assert.Contains(message, tool.Error);
        Assert.Empty(tool.Runner.Asked);
    }

    [Fact]
    public async Task An_unknown_target_is_not_found()
    {
        Assert.Equal(4, await tool.RunAsync("restore", "--source", "prod", "--to", "spar"));
        Assert.Contains("Did you mean 'spare'?", tool.Error);
    }
}

using Backup.Contracts;

namespace Backup.Tests.Tool.Surface;

/// <summary>A thread at a point: what is asked for, and how values are shown that are long, odd, or no text at all.</summary>
public sealed class ThreadTests : IDisposable
{
    private const string Checkpoint = "1f0a1b2c-3d4e-6f50-8123-456789abcdef";
    private readonly ToolRun tool = new();

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task Get_asks_for_what_was_written()
    {
        Assert.Equal(0, await tool.RunAsync("thread", "get", "--source", "gone", "--thread", "t 1", "--at", "2026-11-24 14:05+01:00", "--namespace", "a|b", "--checkpoint", "c"));
        Assert.Equal(new ThreadStateRequest { Archive = "main", Source = "gone", Thread = "t 1", At = "2026-11-24T13:05:00Z", Namespace = "a|b", Checkpoint = "c" }, tool.Runner.Asked[^1]);
        Assert.Equal(0, await tool.RunAsync("thread", "get", "--source", "prod", "--thread", "t"));
        Assert.Equal(new ThreadStateRequest { Archive = "main", Source = "prod", Thread = "t" }, tool.Runner.Asked[^1]);
    }

    [Fact]
    public async Task Json_is_passed_on_verbatim_on_one_line()
    {
        const string Odd = "{\"n\": 1.10, \"big\": 1e400, \"half\": \"\\ud800\", \"ü\": \"\\u00fc\"}";
        tool.Runner.State = tool.Runner.State with
        {
            Envelope = new(Odd),
            Channels = [new() { Channel = "messages", Version = "3", Place = ChannelPlace.Blob, Type = "json", Size = 9, Value = new(Odd), Digest = "beef" }, new() { Channel = "x", Place = ChannelPlace.Delta, AncestorWrites = 4 }],
            Writes = [new() { TaskId = "a", Index = -3, Channel = "__interrupt__", Type = "msgpack", Size = 7 }],
        };
        Assert.Equal(0, await tool.RunAsync("thread", "get", "--source", "prod", "--thread", "t", "--json"));
        Assert.Equal(1, tool.Out.Count(c => c == '\n'));
        Assert.StartsWith("{\"schemaVersion\":1,\"archive\":\"main\",\"source\":\"prod\",\"threadId\":\"t1\",", tool.Out, StringComparison.Ordinal);
        Assert.Contains($"\"envelope\":{Odd},", tool.Out, StringComparison.Ordinal);
        Assert.Contains($"\"value\":{Odd},", tool.Out, StringComparison.Ordinal);
        var json = tool.Json;
        Assert.Equal(("blob", "delta", 4), (json.GetProperty("channels")[0].GetProperty("place").GetString(), json.GetProperty("channels")[1].GetProperty("place").GetString(), json.GetProperty("channels")[1].GetProperty("ancestorWrites").GetInt32()));
        Assert.Equal((-3, "Null"), (json.GetProperty("writes")[0].GetProperty("index").GetInt32(), json.GetProperty("writes")[0].GetProperty("value").ValueKind.ToString()));
    }

    [Fact]
    public async Task A_person_reads_values_cut_to_a_line_and_without_what_would_act_on_the_terminal()
    {
        var thread = $"\"{new string('x', 119)}🧵{new string('y', 500)}\"";
        tool.Runner.State = tool.Runner.State with
        {
            Channels =
            [
                new() { Channel = "long", Version = "3", Place = ChannelPlace.Blob, Type = "json", Size = 700, Value = new(thread) },
                new() { Channel = "odd", Version = "3", Place = ChannelPlace.Inline, Size = 3, Value = new("\"\u202e\u009b2J\"") },
                new() { Channel = "packed", Version = "3", Place = ChannelPlace.Blob, Type = "msgpack", Size = 2_500_000 },
                new() { Channel = "messages", Version = "4", Place = ChannelPlace.Delta, AncestorWrites = 12 },
            ],
        };
        Assert.Equal(0, await tool.RunAsync("thread", "get", "--source", "prod", "--thread", "t"));
        Assert.Contains($"\"{new string('x', 119)}… (623 characters)", tool.Out, StringComparison.Ordinal);
        Assert.Contains("\"\\u202e\\u009b2J\"", tool.Out, StringComparison.Ordinal);
        Assert.Contains("msgpack, 2.50 MB", tool.Out, StringComparison.Ordinal);
        Assert.Contains("in 12 writes of ancestors", tool.Out, StringComparison.Ordinal);
        Assert.Contains("no writes wait on it", tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_asks_for_both_points_and_shows_both_values()
    {
        tool.Runner.Difference = tool.Runner.Difference with
        {
            Change = ThreadChange.Changed,
            Records = [new() { Kind = "checkpoints", Came = 2, BytesCame = 1500 }],
            Checkpoints = [new() { Change = RecordChange.Came, Namespace = "", CheckpointId = "c2", Time = FakeRunner.Time, Source = "loop", Step = 5 }],
            Channels = [new() { Channel = "topic", From = new() { Channel = "topic", Place = ChannelPlace.Blob, Type = "json", Value = new("1.0") } }],
            Writes = [new() { Change = RecordChange.Went, Namespace = "", CheckpointId = "c1", TaskId = "a", Index = -4, Channel = "__resume__", Size = 10 }],
        };
        Assert.Equal(0, await tool.RunAsync("thread", "diff", "--source", "prod", "--thread", "t", "--from", "0/a", "--to", Checkpoint));
        Assert.Equal(new ThreadDifferenceRequest { Archive = "main", Source = "prod", Thread = "t", From = "0/A", To = Checkpoint }, tool.Runner.Asked[^1]);
        foreach (var said in new[] { "thread t1 changed", "2 came, 0 went, 0 changed: 1.50 kB more, 0 B less", "came", "c2", "channel topic", "from  1.0", "to    not there", "went", "__resume__" })
            Assert.Contains(said, tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await tool.RunAsync("thread", "diff", "--source", "prod", "--thread", "t", "--from", "0/a", "--json"));
        Assert.Contains("\"value\":1.0,", tool.Out, StringComparison.Ordinal);
        Assert.Equal(("changed", "came"), (tool.Json.GetProperty("change").GetString(), tool.Json.GetProperty("checkpoints")[0].GetProperty("change").GetString()));
        Assert.Null(Assert.IsType<ThreadDifferenceRequest>(tool.Runner.Asked[^1]).To);
    }

    [Fact]
    public async Task History_shows_points_that_can_be_typed()
    {
        Assert.Equal(0, await tool.RunAsync("thread", "history", "--source", "prod", "--thread", "t"));
        Assert.Contains("2026-01-02T03:04:05Z", tool.Out, StringComparison.Ordinal);
        Assert.Contains("latest", tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await tool.RunAsync("thread", "history", "--source", "prod", "--thread", "t", "--json"));
        var checkpoint = tool.Json.GetProperty("checkpoints")[0];
        Assert.Equal((FakeRunner.BackupId, FakeRunner.BackupId, true), (checkpoint.GetProperty("firstBackupId").GetString(), checkpoint.GetProperty("lastBackupId").GetString(), checkpoint.GetProperty("inLatest").GetBoolean()));
    }

    [Theory]
    [InlineData("'c1' is no point", "get", "--source", "prod", "--thread", "t", "--at", "c1")]
    [InlineData("time zone", "get", "--source", "prod", "--thread", "t", "--at", "2026-11-24 14:05:00")]
    [InlineData("both name a checkpoint", "get", "--source", "prod", "--thread", "t", "--at", Checkpoint, "--checkpoint", "c")]
    [InlineData("--thread ID is missing", "get", "--source", "prod")]
    [InlineData("--from POINT is missing", "diff", "--source", "prod", "--thread", "t")]
    [InlineData("is no point", "diff", "--source", "prod", "--thread", "t", "--from", "0/1", "--to", "now")]
    public async Task Wrong_use_is_refused_before_anything_is_asked(string message, params string[] args)
    {
        Assert.Equal(2, await tool.RunAsync(["thread", .. args]));
        Assert.Contains(message, tool.Error);
        Assert.Empty(tool.Runner.Asked);
    }

    [Fact]
    public async Task Show_tells_what_is_captured_and_what_waits()
    {
        Assert.Equal(0, await tool.RunAsync("thread", "show", "--source", "prod", "--thread", "t1", "--json"));
        var (captured, pending) = (tool.Json.GetProperty("captured"), tool.Json.GetProperty("pending"));
        Assert.Equal((FakeRunner.BackupId, true, 3), (captured.GetProperty("backupId").GetString(), captured.GetProperty("exists").GetBoolean(), captured.GetProperty("checkpoints").GetInt32()));
        Assert.Equal(("pending", 90, FakeRunner.Time.AddMinutes(1)), (pending.GetProperty("state").GetString(), pending.GetProperty("seconds").GetInt32(), pending.GetProperty("since").GetDateTimeOffset()));
        Assert.Equal(1, tool.Json.GetProperty("backups").GetArrayLength());
        foreach (var (delta, text) in new[]
        {
            (tool.Runner.Delta, "pending: changes since 2026-01-02 03:05:05 UTC, 90.0 s"),
            (tool.Runner.Delta with { Pending = new(PendingState.None, null, null) }, "pending: nothing"),
            (tool.Runner.Delta with { Pending = new(PendingState.Lost, null, null) }, "pending: what was not captured was lost"),
            (tool.Runner.Delta with { Pending = new(PendingState.Unknown, FakeRunner.Time, 2) }, "pending: not known; nothing older than 2.00 s"),
            (tool.Runner.Delta with { Captured = new() { Position = "0/1A", Time = FakeRunner.Time } }, "captured: up to 2026-01-02 03:04:05 UTC in the change log, position 0/1A"),
            (tool.Runner.Delta with { Captured = tool.Runner.Delta.Captured! with { Exists = false } }, "where it was not there"),
            (tool.Runner.Delta with { Captured = null, Backups = [] }, "captured: nothing"),
        })
        {
            tool.Runner.Delta = delta;
            Assert.Equal(0, await tool.RunAsync("thread", "show", "--source", "prod", "--thread", "t1"));
            Assert.Contains(text, tool.Out, StringComparison.Ordinal);
        }
        // In no backup, and nothing is known to wait for one.
        tool.Runner.Delta = tool.Runner.Delta with { Pending = new(PendingState.Unknown, null, null) };
        Assert.Equal(4, await tool.RunAsync("thread", "show", "--source", "prod", "--thread", "t1"));
    }

    [Fact]
    public async Task Backup_says_what_can_be_relied_on_and_fails_for_a_thread_that_is_not_there()
    {
        Assert.Equal(0, await tool.RunAsync("thread", "backup", "--source", "prod", "--thread", "t1", "--json"));
        Assert.Equal(("backup", "main", "prod", "t1"), tool.Runner.Asked[^1]);
        Assert.StartsWith($"{{\"schemaVersion\":1,\"archive\":\"main\",\"source\":\"prod\",\"threadId\":\"t1\",\"backupId\":\"{FakeRunner.BackupId}\",", tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await tool.RunAsync("thread", "backup", "--source", "prod", "--thread", "t1"));
        Assert.Contains($"thread t1 is captured up to 2026-01-02 03:04:05 UTC in backup {FakeRunner.BackupId}", tool.Out, StringComparison.Ordinal);
        Assert.NotEqual(0, await tool.RunAsync("thread", "backup", "--source", "gone", "--thread", "t1"));
        tool.Runner.Delta = tool.Runner.Delta with { Captured = tool.Runner.Delta.Captured! with { Exists = false, Digest = null } };
        Assert.Equal(4, await tool.RunAsync("thread", "backup", "--source", "prod", "--thread", "t1"));
        Assert.Contains("'prod' has no thread 't1'", tool.Error, StringComparison.Ordinal);
    }
}

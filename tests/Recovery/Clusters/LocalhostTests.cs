using System.Diagnostics;
using System.Text.Json;
using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Clusters;

/// <summary>The tool and one Silo.Host on this machine: every command, and its exit code.</summary>
public sealed class LocalhostTests : IAsyncLifetime
{
    private TestCluster cluster = null!;

    public async ValueTask InitializeAsync() => cluster = await TestCluster.LocalhostAsync(300);

    [Fact]
    public async Task Every_command_does_on_a_cluster_what_it_does_in_a_process()
    {
        Assert.Contains("KeyFile", (await cluster.ToolAsync("archive", "check", "main")).Expect(2).Failure.GetProperty("message").GetString());
        var made = (await cluster.ToolAsync("archive", "init", "main")).Expect(0);
        Assert.EndsWith("key", made["keyFileMade"], StringComparison.Ordinal);
        (await cluster.ToolAsync("archive", "init", "main")).Expect(5);
        Assert.Equal("0", (await cluster.ToolAsync("archive", "check", "main")).Expect(0)["backups"]);

        var created = (await cluster.ToolAsync("create", "prod")).Expect(0);
        Assert.Equal(("full", "300"), (created["strategy"], created["threads"]));
        Assert.Equal("[]", created["warnings"]);
        var backup = created["backupId"];
        Assert.Equal(1, (await cluster.ToolAsync("list", "--source", "prod")).Expect(0).Json.GetProperty("backups").GetArrayLength());
        Assert.Equal(created["stateRoot"], (await cluster.ToolAsync("show", backup[..20])).Expect(0)["stateRoot"]);
        Assert.Equal("True", (await cluster.ToolAsync("verify", "--all", "--deep")).Expect(0)["ok"]);
        (await cluster.ToolAsync("verify", backup, "--against", "prod")).Expect(0);

        Assert.Equal("0", (await cluster.ToolAsync("archive", "collect", "main", "--older-than", "36h")).Expect(0)["objects"]);
        (await cluster.ToolAsync("archive", "collect", "main", "--older-than", "0h")).Expect(2);

        var plan = (await cluster.ToolAsync("restore", "--backup", backup, "--to", "copy", "--dry-run")).Expect(0);
        Assert.Equal(("300", "0"), (plan["threads"], plan["conflicts"]));
        var restored = (await cluster.ToolAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        Assert.Equal(("True", "300"), (restored["exact"], restored["threads"]));
        await cluster.Store.AssertSameAsync("copy");
        await cluster.Store.ExecuteAsync("UPDATE copy.checkpoints SET metadata = '{}' WHERE thread_id = 'thread-7'");
        (await cluster.ToolAsync("verify", backup, "--against", "copy")).Expect(6);
        (await cluster.ToolAsync("restore", "--source", "prod", "--to", "copy")).Expect(5);
        (await cluster.ToolAsync("restore", "--source", "prod", "--to", "copy", "--conflict", "overwrite")).Expect(2);
        (await cluster.ToolAsync("restore", "--source", "prod", "--to", "copy", "--thread", "thread-7", "--conflict", "overwrite", "--yes")).Expect(0);
        await cluster.Store.AssertSameAsync("copy");

        Assert.Equal(300, (await cluster.ToolAsync("thread", "list", "--source", "prod")).Expect(0).Json.GetProperty("threads").GetArrayLength());
        Assert.Equal("thread-7", (await cluster.ToolAsync("thread", "show", "--source", "prod", "--thread", "thread-7")).Expect(0)["threadId"]);
        Assert.Equal(3, (await cluster.ToolAsync("thread", "history", "--source", "prod", "--thread", "thread-7")).Expect(0).Json.GetProperty("checkpoints").GetArrayLength());

        var runs = (await cluster.ToolAsync("run", "list")).Expect(0).Json.GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(["backup done", "restore done", "restore failed", "restore done"], runs.Select(r => $"{r.GetProperty("kind")} {r.GetProperty("state")}"));
        Assert.Equal("done", (await cluster.ToolAsync("run", "show", backup[..25])).Expect(0)["state"]);
        Assert.Equal("done", (await cluster.ToolAsync("run", "watch", backup)).Expect(0)["state"]);
        Assert.Equal("done", (await cluster.ToolAsync("run", "cancel", backup)).Expect(0)["state"]); // it stays as it is
        (await cluster.ToolAsync("run", "watch", runs[2].GetProperty("runId").GetString()!)).Expect(5);

        // A database and the threads that the cluster itself holds, together.
        var vector = (await cluster.ToolAsync("create", "prod", "threads", "copy", "--strategy", "incremental")).Expect(0).Json.GetProperty("cuts").EnumerateArray().Select(c => c.GetProperty("source").GetString());
        Assert.Equal(["copy", "prod", "threads"], vector);
        Assert.Equal(1, (await cluster.ToolAsync("list", "--vectors", "--source", "threads")).Expect(0).Json.GetProperty("vectors").GetArrayLength());

        await cluster.Store.ExecuteAsync("UPDATE agents.checkpoints SET metadata = '{}' WHERE thread_id = 'thread-9'; DELETE FROM agents.checkpoints WHERE thread_id = 'thread-8'; DELETE FROM agents.checkpoint_blobs WHERE thread_id = 'thread-8'; DELETE FROM agents.checkpoint_writes WHERE thread_id = 'thread-8'");
        var moved = (await cluster.ToolAsync("migrate", "--from", "prod", "--to", "copy", "--cutover", "--yes")).Expect(0);
        Assert.Equal(("True", "299"), (moved["cutOver"], moved["threads"]));
        Assert.Equal((1, 1), (moved.Json.GetProperty("rounds")[0].GetProperty("written").GetInt32(), moved.Json.GetProperty("rounds")[0].GetProperty("removed").GetInt32()));
        await cluster.Store.AssertSameAsync("copy");
        await cluster.Store.AssertLetGoAsync();
    }

    [Fact]
    public async Task Points_are_found_read_and_restored_by_a_cluster()
    {
        const string Checkpoint = "1f0a1b2c-3d4e-6f50-8123-456789abcdef";
        string[] thread = ["--source", "prod", "--thread", "thread-7"];
        (await cluster.ToolAsync("archive", "init", "main")).Expect(0);
        var first = (await cluster.ToolAsync("create", "prod")).Expect(0);
        await cluster.Store.ExecuteAsync($$$"""
            INSERT INTO agents.checkpoints VALUES ('thread-7', '', '{{{Checkpoint}}}', 'c3', NULL, '{"v": 4, "channel_values": {"n": 1.10}, "channel_versions": {"n": 1}}', '{"step": 4}');
            DELETE FROM agents.checkpoints WHERE thread_id = 'thread-7' AND checkpoint_id > 'c'; DELETE FROM agents.checkpoint_writes WHERE thread_id = 'thread-7';
            """);
        var second = (await cluster.ToolAsync("create", "prod", "--strategy", "incremental")).Expect(0);

        var state = (await cluster.ToolAsync(["thread", "get", .. thread, "--at", first["cutTime"]])).Expect(0);
        Assert.Equal((first["backupId"], "c3", "c2"), (state["backupId"], state["checkpointId"], state["parentId"]));
        Assert.Equal(("messages", "blob", 2560), (state.Json.GetProperty("channels")[0].GetProperty("channel").GetString(), state.Json.GetProperty("channels")[0].GetProperty("place").GetString(), state.Json.GetProperty("channels")[0].GetProperty("size").GetInt32()));
        Assert.Equal("1.10", (await cluster.ToolAsync(["thread", "get", .. thread])).Expect(0).Json.GetProperty("channels")[0].GetProperty("value").GetRawText());
        var difference = (await cluster.ToolAsync(["thread", "diff", .. thread, "--from", first["cutTime"], "--to", second["cutTime"]])).Expect(0).Json;
        Assert.Equal("changed", difference.GetProperty("change").GetString());
        Assert.Equal(["went c3", "went c2", "went c1", $"came {Checkpoint}"], difference.GetProperty("checkpoints").EnumerateArray().Select(c => $"{c.GetProperty("change")} {c.GetProperty("checkpointId")}"));
        Assert.Equal(["c3 False", "c2 False", "c1 False", $"{Checkpoint} True"], (await cluster.ToolAsync(["thread", "history", .. thread])).Expect(0).Json.GetProperty("checkpoints").EnumerateArray().Select(c => $"{c.GetProperty("checkpointId")} {c.GetProperty("inLatest")}"));

        var restored = (await cluster.ToolAsync(["restore", .. thread, "--to", "copy", "--at", first["cutTime"]])).Expect(0);
        Assert.Equal((first["backupId"], first["cutTime"], "True"), (restored["backupId"], restored["cutTime"], restored["exact"]));
        Assert.Equal(3, await cluster.Store.ScalarAsync<long>("SELECT count(*) FROM copy.checkpoints"));
        restored = (await cluster.ToolAsync(["restore", .. thread, "--to", "copy", "--at", Checkpoint, "--conflict", "overwrite", "--yes"])).Expect(0);
        Assert.Equal(second["backupId"], restored["backupId"]);
        Assert.Equal(Checkpoint, await cluster.Store.ScalarAsync<string>("SELECT string_agg(checkpoint_id, ' ') FROM copy.checkpoints"));
        Assert.Equal(2, (await cluster.ToolAsync(["thread", "get", .. thread, "--at", "yesterday"])).ExitCode);
        Assert.Equal(4, (await cluster.ToolAsync(["thread", "get", .. thread, "--at", "2001-01-01T00:00:00Z"])).ExitCode);
        Assert.Equal(4, (await cluster.ToolAsync(["restore", .. thread, "--to", "copy", "--at", "0/1"])).ExitCode);
    }

    [Fact]
    public async Task What_is_wrong_comes_back_with_its_kind_and_what_to_do()
    {
        (await cluster.ToolAsync("archive", "init", "main")).Expect(0);
        Assert.Equal(4, (await cluster.ToolAsync("create", "nobody")).ExitCode);
        Assert.Equal(8, (await cluster.ToolAsync("create", "nowhere")).ExitCode);
        Assert.Equal(4, (await cluster.ToolAsync("show", "nothing")).ExitCode);
        Assert.Equal(4, (await cluster.ToolAsync("run", "show", "nothing")).ExitCode);
        Assert.Equal(2, (await cluster.ToolAsync("restore", "--source", "prod", "--to", "prod")).ExitCode);
        Assert.Equal(4, (await cluster.ToolAsync("restore", "--source", "prod", "--to", "copy")).ExitCode);
        Assert.Equal(4, (await cluster.ToolAsync("thread", "list", "--source", "prod")).ExitCode);
        (await cluster.ToolAsync("create", "prod")).Expect(0);
        Assert.Equal(4, (await cluster.ToolAsync("thread", "show", "--source", "prod", "--thread", "nobody")).ExitCode);

        var segment = Directory.EnumerateFiles(Path.Combine(cluster.Archive, "runs"), "*.seg", SearchOption.AllDirectories).First();
        await using (var file = File.OpenWrite(segment))
        {
            file.Position = 5000;
            file.WriteByte(0);
            file.WriteByte(1);
        }
        var report = (await cluster.ToolAsync("verify", "--all", "--deep")).Expect(3).Json;
        Assert.EndsWith(report.GetProperty("findings")[0].GetProperty("object").GetString()!, segment, StringComparison.Ordinal);
        var damage = (await cluster.ToolAsync("restore", "--source", "prod", "--to", "copy")).Expect(3).Failure;
        Assert.EndsWith(damage.GetProperty("object").GetString()!, segment, StringComparison.Ordinal);
        Assert.Contains("verify --all --deep", damage.GetProperty("hint").GetString());
    }

    [Fact]
    public async Task A_detached_backup_can_be_watched_and_Ctrl_C_leaves_a_run_going()
    {
        (await cluster.ToolAsync("archive", "init", "main")).Expect(0);
        var detached = (await cluster.ToolAsync("create", "prod", "--detach")).Expect(0);
        var watched = (await cluster.ToolAsync("run", "watch", detached["runId"])).Expect(0);
        Assert.Equal("done", watched["state"]);

        var lockout = await cluster.Store.LockAsync("agents.checkpoints");
        using var tool = cluster.Tool("create", "prod");
        var line = await tool.StandardError.ReadLineAsync();
        Assert.Contains("backup of prod", line);
        var conflict = (await cluster.ToolAsync("create", "prod")).Expect(5);
        using (var kill = Process.Start("kill", ["-INT", $"{tool.Id}"])) await kill.WaitForExitAsync();
        var interrupted = (await Ran.OfAsync(tool, "backup create, interrupted")).Expect(130).Failure;
        var run = (await cluster.ToolAsync("run", "list")).Json.GetProperty("runs").EnumerateArray().Last().GetProperty("runId").GetString()!;
        Assert.Contains(run, interrupted.GetProperty("message").GetString());
        Assert.Contains($"backup run watch {run}", interrupted.GetProperty("hint").GetString());
        Assert.Contains(run, conflict.Failure.GetProperty("message").GetString());
        await lockout.DisposeAsync();
        Assert.Equal("done", (await cluster.ToolAsync("run", "watch", run)).Expect(0)["state"]);
    }

    [Fact]
    public async Task A_cancelled_run_stops_and_lets_go_of_the_source()
    {
        (await cluster.ToolAsync("archive", "init", "main")).Expect(0);
        await using var lockout = await cluster.Store.LockAsync("agents.checkpoints");
        var run = (await cluster.ToolAsync("create", "prod", "--detach")).Expect(0)["runId"];
        (await cluster.ToolAsync("run", "cancel", run)).Expect(0);
        (await cluster.ToolAsync("run", "watch", run)).Expect(130);
        Assert.Equal("cancelled", (await cluster.ToolAsync("run", "show", run)).Expect(0)["state"]);
        await lockout.DisposeAsync();
        await cluster.Store.AssertLetGoAsync();
        (await cluster.ToolAsync("create", "prod")).Expect(0);
        Assert.Equal(1, (await cluster.ToolAsync("list")).Expect(0).Json.GetProperty("backups").GetArrayLength());
    }

    [Fact]
    public async Task A_cluster_that_is_not_there_is_unreachable()
    {
        var silo = cluster.Silos.Values.Single();
        await silo.SignalAsync("KILL");
        await silo.EndAsync(30);
        var failure = (await cluster.ToolAsync("list")).Expect(8).Failure;
        Assert.Contains("Silo.Host", failure.GetProperty("hint").GetString());
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();
}

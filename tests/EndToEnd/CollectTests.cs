using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>What dead processes left is collected, by collections that die too; a process that was only frozen does no harm.</summary>
public sealed class CollectTests(GeneratedStore store) : IAsyncLifetime
{
    private TestPostgres database = null!;
    private Tool tool = null!;
    private string backup = "";

    public async ValueTask InitializeAsync()
    {
        database = await store.CopyAsync();
        tool = new Tool().Source("prod", database.ConnectionString, "agents").Source("copy", database.ConnectionString, "copy", writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
        backup = (await tool.RunAsync("create", "prod")).Expect(0).Json.GetProperty("backupId").GetString()!;
    }

    // A few in every run of the tests, all of them where RECOVERY is all (tests/proof.sh recovery).
    private static readonly bool All = Environment.GetEnvironmentVariable("RECOVERY") == "all";

    public static TheoryData<string, int> Deaths() => All
        ? new() { { "collect.clock", 1 }, { "collect.marked", 1 }, { "collect.clock", 2 }, { "collect.removed", 2 }, { "collect.swept", 2 }, { "collect.swept:4", 2 } }
        : new() { { "collect.marked", 1 }, { "collect.removed", 2 } };

    public static TheoryData<string, int> Thaws() => All
        ? new() { { "capture.result:2:stop", 1 }, { "capture.result:2:stop", 2 }, { "seal.manifest:1:stop", 1 }, { "seal.manifest:1:stop", 2 } }
        : new() { { "capture.result:2:stop", 2 }, { "seal.manifest:1:stop", 1 } };

    [Theory, MemberData(nameof(Deaths))]
    public async Task A_collection_that_dies_is_finished_by_the_next(string failpoint, int call)
    {
        await tool.DieAsync("capture.result", "create", "prod");
        await tool.DieAsync("seal.manifest", "create", "prod");
        var unfinished = Path.Combine(tool.Archive, "runs", backup, "s00000-aaaaaaaa-00000.seg.bbbbbbbb.tmp");
        File.WriteAllText(unfinished, "half");
        Age();
        var check = (await tool.RunAsync("archive", "check", "main")).Expect(0).Json;
        Assert.Equal(2, check.GetProperty("inertRuns").GetInt32());
        Assert.All(check.GetProperty("inert").EnumerateArray(), run => Assert.Equal("unsealed", run.GetProperty("kind").GetString()));
        if (call == 1)
        {
            await tool.DieAsync(failpoint, "archive", "collect", "main");
            Age();
        }
        // What was marked before the collection died is swept, a day later, while the other is only marked.
        Assert.Equal(failpoint == "collect.marked" ? 1 : 0, (await CollectAsync()).GetProperty("swept").GetArrayLength());
        Age();
        if (call == 2) await tool.DieAsync(failpoint, "archive", "collect", "main");
        Assert.Equal(backup, (await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups")[0].GetProperty("backupId").GetString());
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());

        // A run whose marking died with its collection is two steps behind the other.
        for (var i = 0; i < 2; i++)
        {
            await CollectAsync();
            Age();
        }
        Assert.Equal([backup], Directory.GetDirectories(Path.Combine(tool.Archive, "runs")).Select(Path.GetFileName));
        Assert.False(File.Exists(unfinished));
        Assert.False(Directory.Exists(Path.Combine(tool.Archive, "clock")));
        var last = await CollectAsync();
        Assert.Equal((0, 0, 0), (last.GetProperty("marked").GetArrayLength(), last.GetProperty("swept").GetArrayLength(), last.GetProperty("waiting").GetArrayLength()));
        Assert.Equal(0, (await tool.RunAsync("archive", "check", "main")).Expect(0).Json.GetProperty("inertRuns").GetInt32());
        await AssertRestoresAsync();
    }

    [Theory, MemberData(nameof(Thaws))]
    public async Task A_process_that_thaws_after_its_run_was_marked_or_swept_says_so_and_does_no_harm(string failpoint, int collections)
    {
        using var frozen = tool.Start(failpoint, "create", "prod");
        await StoppedAsync(frozen);
        for (var i = 0; i < collections; i++)
        {
            Age();
            await CollectAsync();
        }
        using (var signal = Process.Start("kill", ["-CONT", frozen.Id.ToString(CultureInfo.InvariantCulture)])) await signal.WaitForExitAsync();
        var ran = await Ran.OfAsync(frozen, $"backup create, frozen at {failpoint}");
        Assert.NotEqual(0, ran.ExitCode);
        Assert.Equal(1, (await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups").GetArrayLength());
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
        // What it wrote when it woke goes as well.
        for (var i = collections; i < 3; i++)
        {
            Age();
            await CollectAsync();
        }
        Assert.Equal([backup], Directory.GetDirectories(Path.Combine(tool.Archive, "runs")).Select(Path.GetFileName));
        await AssertRestoresAsync();
        (await tool.RunAsync("create", "prod")).Expect(0);
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }

    // A day goes by for everything that is in the archive: its storage says when.
    private void Age()
    {
        foreach (var file in Directory.EnumerateFiles(tool.Archive, "*", SearchOption.AllDirectories)) File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddHours(-25));
    }

    private async Task<JsonElement> CollectAsync() => (await tool.RunAsync("archive", "collect", "main")).Expect(0).Json;

    private async Task AssertRestoresAsync()
    {
        Assert.True((await tool.RunAsync("restore", "--backup", backup, "--to", "copy")).Expect(0).Json.GetProperty("exact").GetBoolean());
        (await tool.RunAsync("verify", backup, "--against", "copy")).Expect(0);
    }

    // Until every thread of it is stopped.
    private static async Task StoppedAsync(Process process)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!(await File.ReadAllLinesAsync($"/proc/{process.Id}/status", patience.Token)).Any(line => line.StartsWith("State:\tT", StringComparison.Ordinal)))
        {
            Assert.False(process.HasExited);
            await Task.Delay(20, patience.Token);
        }
    }
}

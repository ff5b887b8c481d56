using System.Diagnostics;
using System.Text.Json;

namespace Backup.Tests.Tool.Process;

/// <summary>The tool as it is started: a process of its own.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Help_and_version_work_without_configuration()
    {
        var help = await RunAsync("--help");
        Assert.Equal((0, ""), (help.Code, help.Error));
        foreach (var command in new[] { "archive", "create", "list", "show", "verify", "restore", "thread", "run" }) Assert.Contains(command, help.Out);
        var version = await RunAsync("--version");
        Assert.Equal(0, version.Code);
        Assert.Matches(@"^\d+\.\d+\.\d+", version.Out);
        Assert.Equal(0, (await RunAsync("restore", "--help")).Code);
    }

    [Fact]
    public async Task The_demonstration_loses_a_store_and_gets_it_back_exactly()
    {
        var kept = Path.Combine(folder.Path, "kept");
        var demo = await RunAsync("demo", "--json", "--keep", kept);
        Assert.Equal(0, demo.Code);
        var json = JsonDocument.Parse(demo.Out).RootElement;
        Assert.True(json.GetProperty("exact").GetBoolean());
        Assert.Equal((300, 300, 0, 0), (Number("threads"), Number("threadsRestored"), Number("threadsAfterLoss"), Number("findings")));
        Assert.InRange(Number("storedBytes"), 1, Number("rawBytes") / 5);
        Assert.Contains("… restoring them", demo.Error);

        // What it leaves is an archive like any other.
        var config = folder.File("backup.json", $$$"""{"Backup":{"Archives":{"main":{"Kind":"local","Path":"kept/archive","KeyFile":"kept/archive.key"}},"StateFolder":"state"}}""");
        var history = await RunAsync("--config", config, "thread", "history", "--source", "demo", "--thread", "support-0042");
        Assert.Equal(0, history.Code);
        var again = await RunAsync("demo", "--keep", kept);
        Assert.Equal((5, ""), (again.Code, again.Out));
        Assert.Contains("is not empty", again.Error);

        long Number(string name) => json.GetProperty(name).GetInt64();
    }

    [Fact]
    public async Task Without_configuration_it_says_how_to_give_one()
    {
        var result = await RunAsync("list");
        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.Contains("--config FILE", result.Error);
    }

    [Fact]
    public async Task A_wrong_setting_is_named_with_its_path_and_without_secrets()
    {
        var config = folder.File("backup.json", """{"Backup":{"Sources":{"prod":{"Kind":"postgres","ConectionString":"Host=db;Password=hunter2"}}}}""");
        var result = await RunAsync("--config", config, "create", "prod", "--json");
        Assert.Equal((2, ""), (result.Code, result.Error));
        var error = JsonDocument.Parse(result.Out).RootElement.GetProperty("error");
        Assert.Equal(2, error.GetProperty("code").GetInt32());
        Assert.Contains("Backup:Sources:prod:ConectionString", error.GetProperty("message").GetString());
        Assert.DoesNotContain("hunter2", result.Out);
    }

    [Fact]
    public async Task An_archive_is_made_and_used()
    {
        var config = folder.File("backup.json", """{"Backup":{"Archives":{"main":{"Kind":"local","Path":"a","KeyFile":"k"}},"StateFolder":"state"}}""");
        Assert.Equal(0, (await RunAsync("--config", config, "archive", "init", "main")).Code);
        var check = await RunAsync("archive", "check", "main", "--json", "--config", config);
        Assert.Equal((0, ""), (check.Code, check.Error));
        Assert.True(JsonDocument.Parse(check.Out).RootElement.GetProperty("ok").GetBoolean());
        var list = await RunAsync("list", "--config", config);
        Assert.Equal((0, "no backups in main"), (list.Code, list.Out.Trim()));
    }

    [Fact]
    public async Task Wrong_use_exits_2_without_a_stack_trace()
    {
        var result = await RunAsync("restore", "--frob");
        Assert.Equal((2, ""), (result.Code, result.Out));
        Assert.Contains("there is no option --frob", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }

    [Fact]
    public async Task Ctrl_c_exits_130()
    {
        if (OperatingSystem.IsWindows()) return; // there is no kill
        var config = folder.File("backup.json", """{"Backup":{"Archives":{"main":{"Kind":"local","Path":"a","KeyFile":"k"}},"StateFolder":"state"}}""");
        using var process = Start("--config", config, "restore", "--source", "prod", "--to", "spare", "--threads-file", "-");
        // More than a pipe holds: when it is written the tool is reading, and waits for the rest.
        await process.StandardInput.WriteAsync(string.Concat(Enumerable.Repeat("a thread\n", 100_000)));
        await process.StandardInput.FlushAsync();
        using var kill = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]);
        await process.WaitForExitAsync();
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("backup: interrupted", await process.StandardError.ReadToEndAsync());
    }

    private async Task<(int Code, string Out, string Error)> RunAsync(params string[] args)
    {
        using var process = Start(args);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private System.Diagnostics.Process Start(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "backup.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder.Path,
        };
        start.Environment.Remove("BACKUP_CONFIG");
        start.Environment["NO_COLOR"] = "1";
        return System.Diagnostics.Process.Start(start)!;
    }
}

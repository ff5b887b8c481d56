using System.Diagnostics;
using Backup.Cli.Runners;
using Backup.Hosting.Archives;
using Backup.Tests.Tool.Surface;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Tool.Local;

/// <summary>Other keys for an archive, through the tool.</summary>
public sealed class RewrapTests : IDisposable
{
    private readonly ToolRun tool = new();
    private readonly OneStore stores = new(Samples.Store(3));

    public RewrapTests()
    {
        tool.OpenRunner = options => new LocalRunner(options, new ArchiveOpener(options, tool.Environment, TimeProvider.System), stores, TimeProvider.System);
        Use("KeyFile", "first.key");
    }

    [Fact]
    public async Task A_second_key_opens_beside_the_first_until_the_others_are_removed()
    {
        await BackupAsync();
        Assert.Equal(0, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("second.key"), "--json"));
        Assert.Equal((1, 0, PathOf("second.key")), (tool.Json.GetProperty("added").GetArrayLength(), tool.Json.GetProperty("removed").GetArrayLength(), tool.Json.GetProperty("keyFileMade").GetString()));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf("second.key")));
        await AssertOpensAsync(0);
        Use("KeyFile", "second.key");
        await AssertOpensAsync(0);

        Assert.Equal(0, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("third.key"), "--remove-others", "--yes", "--json"));
        Assert.Equal(2, tool.Json.GetProperty("removed").GetArrayLength());
        await AssertOpensAsync(7);
        Use("KeyFile", "first.key");
        await AssertOpensAsync(7);
        Use("KeyFile", "third.key");
        await AssertOpensAsync(0);
        Assert.Single(Directory.GetFiles(PathOf("archive/keys")));
    }

    [Fact]
    public async Task From_a_key_file_to_a_passphrase_and_back()
    {
        await BackupAsync();
        tool.Folder.File("pass", "correct horse\nnot this line\n");
        Assert.Equal(0, await tool.RunAsync("archive", "rewrap", "main", "--to-passphrase-file", PathOf("pass"), "--remove-others", "--yes"));
        Assert.Contains("PassphraseFile", tool.Out);
        await AssertOpensAsync(7);
        Use("PassphraseFile", "pass");
        await AssertOpensAsync(0);
        Assert.Equal(0, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("first.key"), "--remove-others", "--yes"));
        Use("KeyFile", "first.key");
        await AssertOpensAsync(0);
    }

    [Fact]
    public async Task What_is_not_meant_changes_nothing()
    {
        await BackupAsync();
        Assert.Equal(2, await tool.RunAsync("archive", "rewrap", "main"));
        Assert.Equal(2, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("a"), "--to-passphrase-file", PathOf("b")));
        Assert.Equal(2, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("a"), "--remove-others"));
        Assert.Contains("--yes", tool.Error);
        tool.OnTerminal = true;
        tool.Input = "no\n";
        Assert.Equal(130, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("a"), "--remove-others"));
        Assert.Equal(2, await tool.RunAsync("archive", "rewrap", "main", "--to-passphrase-file", PathOf("missing")));
        Assert.Contains(PathOf("missing"), tool.Error);
        tool.Folder.File("empty", "\n");
        Assert.Equal(2, await tool.RunAsync("archive", "rewrap", "main", "--to-passphrase-file", PathOf("empty")));
        tool.Folder.File("short", "c2hvcnQ=");
        Assert.Equal(2, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("short")));
        Assert.False(File.Exists(PathOf("a")));
        Assert.Single(Directory.GetFiles(PathOf("archive/keys")));
        // Who cannot open it makes no key for it.
        File.WriteAllText(PathOf("first.key"), Convert.ToBase64String(new byte[32]));
        Assert.Equal(7, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("a")));
        Assert.False(File.Exists(PathOf("a")));
    }

    [Theory]
    [InlineData("rewrap.added", 2, true, true)]
    [InlineData("rewrap.removed", 1, false, true)]
    public async Task Dying_midway_leaves_a_way_to_open_it_and_the_same_command_finishes(string failpoint, int wraps, bool first, bool second)
    {
        await BackupAsync();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "backup.dll"), "--config", PathOf("backup.json"), "archive", "rewrap", "main", "--to-key-file", PathOf("second.key"), "--remove-others", "--yes"]) { RedirectStandardError = true };
        start.Environment["BACKUP_FAILPOINT"] = failpoint;
        using (var process = System.Diagnostics.Process.Start(start)!)
        {
            await process.WaitForExitAsync();
            Assert.Equal(137, process.ExitCode);
        }
        Assert.Equal(wraps, Directory.GetFiles(PathOf("archive/keys")).Length);
        await AssertOpensAsync(first ? 0 : 7);
        Use("KeyFile", "second.key");
        await AssertOpensAsync(second ? 0 : 7);
        Assert.Equal(0, await tool.RunAsync("archive", "rewrap", "main", "--to-key-file", PathOf("second.key"), "--remove-others", "--yes"));
        await AssertOpensAsync(0);
        Assert.Single(Directory.GetFiles(PathOf("archive/keys")));
    }

    public void Dispose() => tool.Dispose();

    private void Use(string setting, string file) => tool.Configure($$$"""
        {"Backup":{"Sources":{"prod":{"Kind":"memory","Writable":true}},"Archives":{"main":{"Kind":"local","Path":"archive","{{{setting}}}":"{{{file}}}"}},"StateFolder":"state"}}
        """);

    private string PathOf(string name) => Path.Combine(tool.Folder.Path, name);

    private async Task BackupAsync()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Equal(0, await tool.RunAsync("create", "prod"));
    }

    private async Task AssertOpensAsync(int code) => Assert.True(await tool.RunAsync("verify", "--all", "--deep") == code, tool.Out + tool.Error);
}

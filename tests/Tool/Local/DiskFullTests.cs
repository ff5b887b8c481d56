using System.Diagnostics;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Cli.Runners;
using Backup.Hosting.Archives;
using Backup.Tests.Tool.Surface;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Tool.Local;

/// <summary>An archive on a real, small file system that runs full. Mounting one takes root.</summary>
public sealed class DiskFullTests : IDisposable
{
    private readonly ToolRun tool = new();
    private readonly DictionaryStore store = new();

    public DiskFullTests()
    {
        tool.Configure("""{"Backup":{"Sources":{"prod":{"Kind":"memory","Writable":true},"copy":{"Kind":"memory","Writable":true}},"Archives":{"main":{"Kind":"local","Path":"disk/archive","KeyFile":"key"}},"StateFolder":"state"}}""");
        tool.OpenRunner = options => new LocalRunner(options, new ArchiveOpener(options, tool.Environment, TimeProvider.System), new OneStore(store), TimeProvider.System);
        Directory.CreateDirectory(Disk);
        Run("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", Disk);
        var noise = new byte[700_000];
        var record = new RecordBuffer();
        for (var i = 0; i < 2; i++)
        {
            new Random(i).NextBytes(noise);
            new ChannelBlob { Namespace = "", Channel = "c", Version = "1", Type = "bytes", Value = noise }.Encode(record);
            store.Put(UnitId.Thread($"{i}"), record);
        }
    }

    private string Disk => Path.Combine(tool.Folder.Path, "disk");

    [Fact]
    public async Task A_backup_onto_a_full_disk_fails_clearly_is_not_visible_and_goes_on_when_space_is_back()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Equal(0, await tool.RunAsync("create", "prod"));
        // At every point from no byte left to almost enough.
        for (var left = 0; left < 1_500_000; left += 150_000)
        {
            Fill(left);
            var code = await tool.RunAsync("create", "prod", "--json");
            Assert.True(code == 1, $"{left} bytes left: exit code {code}\n{tool.Out}");
            Assert.Contains("no space left", tool.Json.GetProperty("error").GetProperty("message").GetString());
            Assert.Contains("run the same command again", tool.Json.GetProperty("error").GetProperty("hint").GetString());
            Assert.Equal(0, await tool.RunAsync("list", "--json"));
            Assert.Equal(1, tool.Json.GetProperty("backups").GetArrayLength());
            Assert.Equal(0, await tool.RunAsync("verify", "--all", "--deep"));
            // What the failed run left is inert; collecting it is not this test's.
            foreach (var run in Directory.GetDirectories(Path.Combine(Disk, "archive", "runs")).Where(r => !Directory.GetFiles(r, "manifest-*").Any())) Directory.Delete(run, recursive: true);
        }
        File.Delete(Path.Combine(Disk, "filler"));
        Assert.True(await tool.RunAsync("create", "prod", "--json") == 0, tool.Out);
        Assert.Equal(0, await tool.RunAsync("verify", tool.Json.GetProperty("backupId").GetString()!, "--deep", "--against", "prod"));
        Assert.Equal(0, await tool.RunAsync("list", "--json"));
        Assert.Equal(2, tool.Json.GetProperty("backups").GetArrayLength());
    }

    public void Dispose()
    {
        // A process that another test has just begun may still hold what this one had open.
        Run("umount", "--lazy", Disk);
        tool.Dispose();
    }

    private void Fill(long left)
    {
        var free = new DriveInfo(Disk).AvailableFreeSpace + (File.Exists(Filler) ? new FileInfo(Filler).Length : 0);
        File.WriteAllBytes(Filler, new byte[Math.Max(0, free - left)]);
    }

    private string Filler => Path.Combine(Disk, "filler");

    private static void Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {error} This test fills a small tmpfs and needs the right to mount one: run the tests as root.");
    }
}

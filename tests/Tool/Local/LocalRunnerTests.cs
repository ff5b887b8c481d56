using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;
using Backup.Cli.Runners;
using Backup.Contracts;
using Backup.Hosting.Archives;
using Backup.Engine.Stores;
using Backup.Hosting.Stores;
using Backup.Tests.Tool.Surface;
using Backup.Tests.Unit.Engine;

namespace Backup.Tests.Tool.Local;

/// <summary>The tool with the real engine in its process, on a real archive; only the stores are of this test.</summary>
public sealed class LocalRunnerTests : IDisposable
{
    private readonly ToolRun tool = new();
    private readonly Stores stores = new();

    public LocalRunnerTests()
    {
        tool.Configure($$$"""
            {"Backup":{"Sources":{"prod":{"Kind":"memory"},"spare":{"Kind":"memory","Writable":true}},
                       "Archives":{"main":{"Kind":"local","Path":"archive","KeyFile":"keys/main.key"}},
                       "StateFolder":"state"}}
            """);
        tool.OpenRunner = options => new LocalRunner(options, new ArchiveOpener(options, tool.Environment, TimeProvider.System), stores, TimeProvider.System);
    }

    private string KeyFile => Path.Combine(tool.Folder.Path, "keys", "main.key");

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task A_store_is_backed_up_verified_lost_and_restored()
    {
        var backup = await BackupAsync();
        Assert.Equal(0, await tool.RunAsync("verify", backup, "--deep", "--against", "prod", "--json"));
        Assert.True(tool.Json.GetProperty("ok").GetBoolean());
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--dry-run", "--json"));
        Assert.Equal(5, tool.Json.GetProperty("threads").GetInt64());
        Assert.True(await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--json") == 0, tool.Out + tool.Error);
        Assert.True(tool.Json.GetProperty("exact").GetBoolean());
        Assert.Equal(stores["prod"].Digests(), stores["spare"].Digests());
        Assert.Equal(0, await tool.RunAsync("run", "list", "--json"));
        Assert.Equal(["done", "done"], tool.Json.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task One_thread_under_another_id_by_the_beginning_of_the_backups_id()
    {
        var backup = await BackupAsync();
        Assert.Equal(0, await tool.RunAsync("restore", "--backup", backup[..20], "--to", "spare", "--thread", First, "--as", "copy"));
        Assert.Equal(UnitId.Thread("copy"), Assert.Single(stores["spare"].Units).Key);
    }

    [Fact]
    public async Task A_conflict_stops_a_restore_and_overwrite_replaces()
    {
        await BackupAsync();
        Samples.AddThread(stores["spare"], First, 1, new Random(9));
        Assert.Equal(5, await tool.RunAsync("restore", "--source", "prod", "--to", "spare"));
        Assert.Equal(0, await tool.RunAsync("run", "list", "--json"));
        Assert.Equal("conflict", tool.Json.GetProperty("runs")[1].GetProperty("errorKind").GetString());
        Assert.Equal(0, await tool.RunAsync("restore", "--source", "prod", "--to", "spare", "--conflict", "overwrite", "--yes"));
        Assert.Equal(stores["prod"].Digests(), stores["spare"].Digests());
    }

    [Fact]
    public async Task Backups_and_threads_are_shown()
    {
        var backup = await BackupAsync();
        Assert.Equal(0, await tool.RunAsync("list", "--source", "prod", "--json"));
        Assert.Equal(backup, tool.Json.GetProperty("backups")[0].GetProperty("backupId").GetString());
        Assert.Equal(0, await tool.RunAsync("list", "--source", "other", "--json"));
        Assert.Equal(0, tool.Json.GetProperty("backups").GetArrayLength());
        Assert.Equal(0, await tool.RunAsync("show", backup[..18], "--json"));
        Assert.Equal(5, tool.Json.GetProperty("threads").GetInt64());
        Assert.Equal(0, await tool.RunAsync("thread", "list", "--source", "prod", "--json"));
        Assert.Equal(5, tool.Json.GetProperty("threads").GetArrayLength());
        Assert.Equal(0, await tool.RunAsync("thread", "show", "--source", "prod", "--thread", First, "--json"));
        Assert.Equal(4, tool.Json.GetProperty("backups")[0].GetProperty("checkpoints").GetInt64());
        Assert.Equal((backup, "unknown"), (tool.Json.GetProperty("captured").GetProperty("backupId").GetString(), tool.Json.GetProperty("pending").GetProperty("state").GetString()));
        Assert.Equal(0, await tool.RunAsync("thread", "backup", "--source", "prod", "--thread", First, "--json"));
        var own = tool.Json.GetProperty("backupId").GetString();
        Assert.Equal((true, 4), (own != backup, tool.Json.GetProperty("checkpoints").GetInt64()));
        Assert.Equal(4, await tool.RunAsync("thread", "backup", "--source", "prod", "--thread", "nobody"));
        Assert.Equal(0, await tool.RunAsync("thread", "history", "--source", "prod", "--thread", First, "--json"));
        Assert.Equal([4, 3, 2, 1], tool.Json.GetProperty("checkpoints").EnumerateArray().Select(c => c.GetProperty("step").GetInt32()));
        Assert.Equal(4, await tool.RunAsync("thread", "show", "--source", "prod", "--thread", "nobody"));
        Assert.Equal(4, await tool.RunAsync("show", "1999"));
    }

    [Fact]
    public async Task Init_makes_an_archive_once_and_a_key_only_its_owner_can_read()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main", "--json"));
        Assert.Equal(KeyFile, tool.Json.GetProperty("keyFileMade").GetString());
        Assert.Equal(32, Convert.FromBase64String(File.ReadAllText(KeyFile)).Length);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal(5, await tool.RunAsync("archive", "init", "main"));

        // Without its key there is no new one made beside an archive that is there.
        File.Delete(KeyFile);
        Assert.NotEqual(0, await tool.RunAsync("archive", "init", "main"));
        Assert.False(File.Exists(KeyFile));
    }

    [Fact]
    public async Task Check_takes_stock()
    {
        await BackupAsync();
        Assert.Equal(0, await tool.RunAsync("archive", "check", "main", "--json"));
        var json = tool.Json;
        var files = Directory.GetFiles(Path.Combine(tool.Folder.Path, "archive"), "*", SearchOption.AllDirectories);
        Assert.Equal((true, 1, files.Length, files.Sum(file => new FileInfo(file).Length), 0, 1), (json.GetProperty("ok").GetBoolean(), json.GetProperty("backups").GetInt32(),
            json.GetProperty("objects").GetInt32(), json.GetProperty("bytes").GetInt64(), json.GetProperty("inertRuns").GetInt32(), json.GetProperty("keys").GetArrayLength()));
    }

    [Fact]
    public async Task Another_key_exits_7_and_no_archive_4()
    {
        Assert.Equal(2, await tool.RunAsync("list"));
        Assert.Contains("Backup:Archives:main:KeyFile", tool.Error);
        Directory.CreateDirectory(Path.GetDirectoryName(KeyFile)!);
        File.WriteAllText(KeyFile, Convert.ToBase64String(new byte[32]));
        Assert.Equal(4, await tool.RunAsync("list"));
        File.Delete(KeyFile);
        await BackupAsync();
        File.WriteAllText(KeyFile, Convert.ToBase64String(new byte[32]));
        Assert.Equal(7, await tool.RunAsync("list"));
        File.WriteAllText(KeyFile, "short");
        Assert.Equal(2, await tool.RunAsync("list"));
    }

    [Fact]
    public async Task A_passphrase_opens_too()
    {
        tool.Configure("""{"Backup":{"Archives":{"main":{"Kind":"local","Path":"secret","PassphraseEnvironment":"PASS"}},"StateFolder":"state"}}""");
        Assert.Equal(2, await tool.RunAsync("archive", "init", "main"));
        tool.Environment["PASS"] = "correct horse";
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Equal(0, await tool.RunAsync("list"));
        tool.Environment["PASS"] = "wrong horse";
        Assert.Equal(7, await tool.RunAsync("list"));
    }

    [Fact]
    public async Task Damage_exits_3_with_object_and_offset()
    {
        var backup = await BackupAsync();
        var segment = Directory.GetFiles(Path.Combine(tool.Folder.Path, "archive", "runs", backup), "*.seg")[0];
        var bytes = File.ReadAllBytes(segment);
        bytes[^5] ^= 1;
        File.WriteAllBytes(segment, bytes);
        Assert.Equal(3, await tool.RunAsync("verify", "--all", "--deep", "--json"));
        var finding = tool.Json.GetProperty("findings")[0];
        Assert.EndsWith(Path.GetFileName(segment), finding.GetProperty("object").GetString());
        Assert.NotEqual(0, finding.GetProperty("threads").GetArrayLength());
    }

    [Fact]
    public async Task An_archive_that_was_rolled_back_does_not_give_its_latest_backup()
    {
        await BackupAsync();
        Samples.AddThread(stores["prod"], "new", 2, new Random(3));
        Assert.Equal(0, await tool.RunAsync("create", "prod"));
        File.Delete(Directory.GetFiles(Path.Combine(tool.Folder.Path, "archive", "seals")).Order(StringComparer.Ordinal).Last());
        Assert.Equal(3, await tool.RunAsync("restore", "--source", "prod", "--to", "spare"));
        Assert.Contains("rolled back", tool.Error);
        Assert.Contains("by their id (--backup)", tool.Error);
        Assert.Equal(3, await tool.RunAsync("archive", "check", "main"));
    }

    [Fact]
    public async Task Two_backups_of_one_source_at_once_are_refused()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        using var busy = FileLock.Take(Path.Combine(tool.Folder.Path, "state", "locks"), "source-prod", "the-other", "source prod");
        Assert.Equal(5, await tool.RunAsync("create", "prod"));
        Assert.Contains("the-other", tool.Error);
    }

    private string First => stores["prod"].Units.Keys.First().Id;

    private async Task<string> BackupAsync()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Equal(0, await tool.RunAsync("create", "prod", "--json"));
        Assert.Equal(5, tool.Json.GetProperty("threads").GetInt64());
        return tool.Json.GetProperty("backupId").GetString()!;
    }

    private sealed class Stores : ICheckpointStores
    {
        private readonly Dictionary<string, DictionaryStore> stores = new() { ["prod"] = Samples.Store(5), ["spare"] = new() };

        public DictionaryStore this[string name] => stores[name];

        public ValueTask<ICheckpointSource> OpenSourceAsync(string name, CancellationToken cancellation) => new(stores[name]);

        public ValueTask<ICheckpointTarget> OpenTargetAsync(string name, CancellationToken cancellation) => new(stores[name]);

        public IReadOnlyCollection<string> Names => stores.Keys;

        public string Fingerprint(string name) => name;

        public bool IsMemory(string name) => false;
    }
}

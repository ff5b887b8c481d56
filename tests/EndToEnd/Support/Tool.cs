using System.Diagnostics;
using System.Text.Json;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>The tool as a process, with a configuration, an archive and a state folder of its own.</summary>
public sealed class Tool : IDisposable
{
    private readonly Dictionary<string, object> sources = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("backup-e2e-").FullName;

    public string Archive => Path.Combine(Folder, "archive");

    public string Key => Path.Combine(Folder, "key");

    public string Config => Path.Combine(Folder, "config.json");

    /// <summary>Variables of the tool's own.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>The configured archives; null for one with a key file.</summary>
    public object? Archives { get; set; }

    public Tool Source(string name, string connection, string schema, bool writable = false) =>
        Source(name, new { Kind = "postgres", ConnectionString = connection, Schema = schema, Writable = writable });

    /// <summary>A store in the Redis that tests/run.sh starts, under a prefix of its own.</summary>
    public Tool Redis(string name, string? connection = null) => Source(name, new
    {
        Kind = "redis", Layout = "plain", Prefix = Path.GetFileName(Folder), Writable = true,
        ConnectionString = connection ?? Environment.GetEnvironmentVariable("TEST_REDIS") ?? throw new InvalidOperationException("TEST_REDIS is not set. Run tests/run.sh, which starts the servers."),
    });

    /// <summary>A store in the S3 that tests/run.sh starts, in a bucket that is there, under a prefix of its own.</summary>
    public Tool S3(string name, string bucket)
    {
        var server = S3Server;
        return Source(name, new { Kind = "s3", Bucket = bucket, Prefix = Path.GetFileName(Folder), Endpoint = $"http://{server.Authority}", AccessKey = server.UserInfo.Split(':')[0], SecretKey = server.UserInfo.Split(':')[1], Writable = true });
    }

    /// <summary>Where it is, with a key and a secret.</summary>
    public static Uri S3Server => new(Environment.GetEnvironmentVariable("TEST_S3") ?? throw new InvalidOperationException("TEST_S3 is not set. Run tests/run.sh, which starts the servers."));

    /// <summary>A store of LangGraph's JS saver in Redis.</summary>
    public Tool RedisJs(string name, string connection, string layout = "langgraph-js") => Source(name, new { Kind = "redis", Layout = layout, Writable = true, ConnectionString = connection });

    private Tool Source(string name, object source)
    {
        sources[name] = source;
        File.WriteAllText(Config, JsonSerializer.Serialize(new { Backup = new { Sources = sources, Archives = Archives ?? new { main = new { Kind = "local", Path = Archive, KeyFile = Key } } } }));
        return this;
    }

    /// <summary>Runs a command with --json.</summary>
    public async Task<Ran> RunAsync(params string[] arguments)
    {
        using var process = Start(null, arguments);
        return await Ran.OfAsync(process, $"backup {string.Join(' ', arguments)}");
    }

    /// <summary>Runs a command that dies at a failpoint.</summary>
    public async Task<Ran> DieAsync(string failpoint, params string[] arguments)
    {
        using var process = Start(failpoint, arguments);
        return (await Ran.OfAsync(process, $"backup {string.Join(' ', arguments)} dying at {failpoint}")).Expect(137);
    }

    public Process Start(string? failpoint, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "backup.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.ArgumentList.Add("--json");
        start.Environment["BACKUP_CONFIG"] = Config;
        start.Environment["XDG_STATE_HOME"] = Path.Combine(Folder, "state");
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        if (failpoint is not null) start.Environment["BACKUP_FAILPOINT"] = failpoint;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

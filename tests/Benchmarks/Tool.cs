using System.Text.Json;
using Backup.Benchmarks.Measuring;

namespace Backup.Benchmarks;

/// <summary>The real tool as a process, with an archive of its own.</summary>
internal sealed class Tool
{
    private static readonly string Program = Environment.GetEnvironmentVariable("BACKUP_TOOL") is { Length: > 0 } path ? path
        : throw new InvalidOperationException("BACKUP_TOOL is not set: run bash tests/proof.sh benchmark, which publishes the tool");
    private readonly Bench bench;
    private readonly string folder;
    private readonly Dictionary<string, string> environment;
    private readonly string prefix;

    public Tool(Bench bench, string name, string sourceSchema, string? targetDatabase = null) : this(bench, name, Postgres(bench, sourceSchema, targetDatabase))
    {
    }

    public Tool(Bench bench, string name, Dictionary<string, object> sources, string prefix = "")
    {
        (this.bench, this.prefix) = (bench, prefix);
        folder = bench.Path(name);
        Directory.CreateDirectory(folder);
        var archives = new { main = new { Kind = "local", Path = Archive, KeyFile = Key } };
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(new { Backup = new { StateFolder = Path.Combine(folder, "state"), Sources = sources, Archives = archives } }));
        environment = new() { ["BACKUP_CONFIG"] = Path.Combine(folder, "config.json") };
    }

    public string Archive => Path.Combine(folder, "archive");

    public string Key => Path.Combine(folder, "key");

    public async Task<(Measured Measured, JsonElement Report)> RunAsync(string arguments)
    {
        var measured = await ShellCommand.RunAsync($"exec {prefix} '{Program}' {arguments} --json", environment, bench.Server);
        return (measured, JsonDocument.Parse(measured.Output).RootElement);
    }

    private static Dictionary<string, object> Postgres(Bench bench, string schema, string? targetDatabase)
    {
        var sources = new Dictionary<string, object> { ["prod"] = new { Kind = "postgres", ConnectionString = bench.ConnectionString(bench.DataName), Schema = schema } };
        if (targetDatabase is not null) sources["target"] = new { Kind = "postgres", ConnectionString = bench.ConnectionString(targetDatabase), Schema = schema, Writable = true };
        return sources;
    }

    /// <summary>Makes the archive anew.</summary>
    public Task InitAsync()
    {
        Bench.Remove(Archive);
        return RunAsync("archive init main");
    }
}

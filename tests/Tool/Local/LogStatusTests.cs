using System.Text.Json;
using Backup.Archive.Logs;
using Backup.Archive.Objects;
using Backup.Cli.Runners;
using Backup.Contracts;
using Backup.Hosting.Archives;
using Backup.Hosting.Configuration;
using Backup.Hosting.Stores;
using Backup.Tests.Tool.Surface;

namespace Backup.Tests.Tool.Local;

/// <summary>What the tool says of a change log without a cluster: what the archive has of it.</summary>
public sealed class LogStatusTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly ToolRun tool = new();
    private ArchiveOpener archives = null!;

    public LogStatusTests()
    {
        tool.Configure("""
            {"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"Host=nowhere"},"new":{"Kind":"postgres","ConnectionString":"Host=nowhere","Log":{"Enabled":true}}},
                       "Archives":{"main":{"Kind":"local","Path":"archive","KeyFile":"main.key"}},"StateFolder":"state"}}
            """);
        tool.OpenRunner = Open;
    }

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task A_source_without_a_log_has_none()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Equal(4, await tool.RunAsync("log", "status", "--source", "prod", "--json"));
        var error = tool.Json.GetProperty("error");
        Assert.Contains("no change log", error.GetProperty("message").GetString());
        Assert.Contains("Backup:Sources:prod:Log:Enabled", error.GetProperty("hint").GetString());
    }

    [Fact]
    public async Task One_that_is_enabled_has_nothing_yet()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        Assert.Equal(0, await tool.RunAsync("log", "status", "--source", "new", "--json"));
        Assert.Equal(("unknown", JsonValueKind.Null, JsonValueKind.Null), (tool.Json.GetProperty("state").GetString(), tool.Json.GetProperty("lastClosed").ValueKind, tool.Json.GetProperty("lagSeconds").ValueKind));
    }

    [Fact]
    public async Task A_log_is_told_from_its_ticks()
    {
        Assert.Equal(0, await tool.RunAsync("archive", "init", "main"));
        var archive = await archives.OpenAsync("main", default);
        var first = await TickChain.AppendAsync(archive, Tick(1, 0x10, Time, null, null), default);
        await TickChain.AppendAsync(archive, Tick(2, 0x100000040, Time.AddMinutes(2), "the slot was not there", first), default);
        Assert.Equal(0, await tool.RunAsync("log", "status", "--source", "prod", "--json"));
        var json = tool.Json;
        Assert.Equal(("unknown", "1/48", true, 0, 7), (json.GetProperty("state").GetString(), json.GetProperty("lastClosed").GetProperty("position").GetString(),
            json.GetProperty("needsBase").GetBoolean(), json.GetProperty("recoverable").GetArrayLength(), json.GetProperty("epoch").GetInt32()));
        Assert.Equal((TimeProvider.System.GetUtcNow() - Time.AddMinutes(2)).TotalSeconds, json.GetProperty("lagSeconds").GetDouble(), 60d);
        var gap = json.GetProperty("gaps")[0];
        Assert.Equal((Time, Time.AddMinutes(2), "the slot was not there"), (gap.GetProperty("from").GetDateTimeOffset(), gap.GetProperty("to").GetDateTimeOffset(), gap.GetProperty("reason").GetString()));
        Assert.Equal(0, await tool.RunAsync("log", "status", "--source", "prod"));
        Assert.Contains("kept by a Silo.Host", tool.Out);
    }

    private static TickMarker Tick(long sequence, ulong from, DateTimeOffset time, string? gap, Tick? before) => new()
    {
        Source = "prod", Epoch = 7, Sequence = sequence, Previous = before?.Digest, From = from, To = from + 8, SourceTime = time, Closed = time, Gap = gap,
        Identity = new Dictionary<string, string>(), Layout = JsonDocument.Parse("{}").RootElement, Commits = [], Truncations = [], Parts = [], Changes = 0,
    };

    private LocalRunner Open(BackupOptions options)
    {
        archives = new(options, tool.Environment, TimeProvider.System);
        return new(options, archives, new CheckpointStores(options, TimeProvider.System), TimeProvider.System);
    }
}

using System.Globalization;
using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Clusters;

/// <summary>The tool and three silos that find each other through Redis.</summary>
public sealed class FleetTests : IAsyncLifetime
{
    private TestCluster fleet = null!;

    public async ValueTask InitializeAsync() => fleet = await TestCluster.FleetAsync(2000);

    [Fact]
    public async Task Shards_spread_over_the_silos_and_slots_bound_each()
    {
        var most = 0L;
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                most = Math.Max(most, await fleet.Store.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'copy%to stdout%' AND state = 'active'"));
        });
        var created = (await fleet.ToolAsync("create", "prod")).Expect(0);
        await stop.CancelAsync();
        await watching;
        Assert.Equal("2000", created["threads"]);
        foreach (var silo in fleet.Silos.Values) await Until.TrueAsync($"silo {silo.ProcessId} captured nothing", () => Task.FromResult(silo.Log.Contains("captured shard", StringComparison.Ordinal)));
        Assert.InRange(most, 0, 6); // three silos, two slots each
        await fleet.Store.AssertLetGoAsync();
        Assert.Equal("True", (await fleet.ToolAsync("verify", "--all", "--deep")).Expect(0)["ok"]);
        Assert.Equal("True", (await fleet.ToolAsync("restore", "--source", "prod", "--to", "copy")).Expect(0)["exact"]);
        await fleet.Store.AssertSameAsync("copy");
    }

    [Fact]
    public async Task A_silo_with_another_configuration_does_not_work_for_the_run()
    {
        var other = fleet.Start(sources => sources["prod"] = new { Kind = "postgres", ConnectionString = fleet.Store.ConnectionString + ";Keepalive=30", Schema = "agents" });
        await fleet.ReadyAsync();
        var run = (await fleet.ToolAsync("create", "prod", "--detach")).Expect(0);
        var ended = await fleet.ToolAsync("run", "watch", run["runId"]);
        if (run["owner"] == $"{Environment.MachineName}:{fleet.PortOf(other).ToString(CultureInfo.InvariantCulture)}")
        {
            // It was admitted with its own configuration, and the others refuse it instead.
            Assert.Equal(3, ended.Expect(0).Json.GetProperty("backup").GetProperty("warnings").GetArrayLength());
            return;
        }
        var warning = Assert.Single(ended.Expect(0).Json.GetProperty("backup").GetProperty("warnings").EnumerateArray()).GetString();
        Assert.Contains("does not work for the run: its configuration of 'prod'", warning);
        Assert.DoesNotContain("captured shard", other.Log);
    }

    public ValueTask DisposeAsync() => fleet.DisposeAsync();
}

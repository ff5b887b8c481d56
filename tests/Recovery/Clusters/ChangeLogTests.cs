using System.Globalization;
using System.Text.Json;
using Backup.Contracts;
using Backup.Tests.Recovery.Support;

namespace Backup.Tests.Recovery.Clusters;

/// <summary>The change log of a store that two Silo.Hosts keep, and what the tool says of it.</summary>
public sealed class ChangeLogTests : IAsyncLifetime
{
    private TestCluster fleet = null!;

    public async ValueTask InitializeAsync() => fleet = await TestCluster.FleetAsync(20, 2, sources => sources["prod"] = TestCluster.Followed(sources["prod"]));

    [Fact]
    public async Task A_process_that_is_killed_is_replaced_and_nothing_is_missing()
    {
        (await fleet.ToolAsync("log", "status", "--source", "copy")).Expect(4);
        var before = await UntilAsync("the log runs and has its base", log => Says(log, "state") == "running" && Says(log, "needsBase") == "False");
        var owner = fleet.Silos.Values.Single(s => Says(before, "owner") == $"{Environment.MachineName}:{fleet.PortOf(s).ToString(CultureInfo.InvariantCulture)}");
        await owner.SignalAsync("KILL");
        await fleet.Store.ExecuteAsync("INSERT INTO agents.checkpoints SELECT 'orphan', checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata FROM agents.checkpoints WHERE thread_id = 'thread-1'");
        await fleet.Store.ExecuteAsync("CREATE TABLE agents.then AS TABLE agents.checkpoints");
        var position = LogPosition.Read(await fleet.Store.ScalarAsync<string>("SELECT pg_current_wal_lsn()::text"));

        var after = await UntilAsync("the other has gone on", log =>
            Says(log, "state") == "running" && Says(log, "owner") != Says(before, "owner") && LogPosition.Read(Says(log.GetProperty("lastClosed"), "position")) > position);
        Assert.Equal(("[]", "", "False"), (Says(after, "gaps"), Says(after, "lastGap"), Says(after, "needsBase")));
        Assert.True(after.GetProperty("epoch").GetInt32() > before.GetProperty("epoch").GetInt32());
        var range = Assert.Single(after.GetProperty("recoverable").EnumerateArray());
        Assert.Equal(after.GetProperty("lastClosed").GetProperty("time").GetDateTimeOffset(), range.GetProperty("to").GetDateTimeOffset(), TimeSpan.FromMinutes(1));

        // The moment behind the kill, of which no backup is, is what stood there, and stays so whatever comes.
        await fleet.Store.ExecuteAsync("DELETE FROM agents.checkpoints WHERE thread_id = 'orphan'");
        var restored = (await fleet.ToolAsync("restore", "--source", "prod", "--at", LogPosition.ToText(position!.Value), "--to", "copy")).Expect(0);
        Assert.Equal(("True", "21"), (restored["exact"], restored["threads"]));
        Assert.Equal(0, await fleet.Store.ScalarAsync<long>("SELECT count(*) FROM ((TABLE agents.then EXCEPT TABLE copy.checkpoints) UNION ALL (TABLE copy.checkpoints EXCEPT TABLE agents.then)) different"));

        // The one that is left hands over to nobody; then nobody reads the slot, and the database can go.
        var left = fleet.Silos.Values.Single(s => s != owner);
        await left.SignalAsync("TERM");
        Assert.Equal(0, await left.EndAsync(90));
    }

    public ValueTask DisposeAsync() => fleet.DisposeAsync();

    private static string Says(JsonElement log, string name) => log.GetProperty(name).ToString();

    private Task<JsonElement> UntilAsync(string what, Func<JsonElement, bool> condition) => fleet.UntilLogAsync(what, condition,
        "UPDATE agents.checkpoints SET metadata = jsonb_set(metadata, '{beat}', to_jsonb(clock_timestamp())) WHERE thread_id = 'thread-2' AND checkpoint_id = 'c1'");
}

using Backup.Abstractions;
using Backup.Contracts;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Runs;

/// <summary>The database of grain state refuses writes at the moments that matter: no run stays unfinished for it.</summary>
public sealed class StateFailureTests
{
    [Fact]
    public async Task A_run_that_could_not_be_begun_is_in_nobodys_way()
    {
        await using var cluster = await RunCluster.StartAsync(silos: 1, threads: 20);
        await RefuseAsync(cluster, "backup-run");
        await Assert.ThrowsAnyAsync<Exception>(() => cluster.Backups.StartAsync(new() { Source = "prod", Archive = "main" }));
        await AllowAsync(cluster);
        Assert.Empty(await cluster.Backups.RunsAsync());
        var run = await cluster.Backups.StartAsync(new() { Source = "prod", Archive = "main" });
        await Until.TrueAsync("the run ends", async () => (await cluster.Backup(run).StatusAsync()).State == RunState.Done);
        Assert.Single(await cluster.BackupsAsync());
    }

    [Fact]
    public async Task A_run_whose_end_could_not_be_written_keeps_its_reminder_until_it_is()
    {
        await using var cluster = await RunCluster.StartAsync(silos: 1, threads: 20);
        cluster.Hold.Arm("commit .done", pass: 0);
        var run = await cluster.Backups.StartAsync(new() { Source = "prod", Archive = "main" });
        await Until.TrueAsync("the run is at work", () => Task.FromResult(cluster.Hold.Waiting.Count == 1));
        await RefuseAsync(cluster, "backup-run");
        cluster.Hold.Release();
        await Until.TrueAsync("the run has ended", async () => (await cluster.Backup(run).StatusAsync()).State == RunState.Done);
        var refused = await RefusedAsync(cluster);
        await Until.TrueAsync("writing the end was refused", async () => await RefusedAsync(cluster) > refused);
        await cluster.Backup(run).AsReference<IRemindable>().ReceiveReminder("resume", default);
        Assert.Equal(1L, await cluster.StateAsync("SELECT count(*) FROM grainreminder"));

        await AllowAsync(cluster);
        await Until.TrueAsync("the end is written and the reminder forgotten", async () => (long)(await cluster.StateAsync("SELECT count(*) FROM grainreminder"))! == 0);
        var stored = (string)(await cluster.StateAsync("SELECT convert_from(payloadbinary, 'UTF8') FROM grainstate WHERE statename = 'backup-run'"))!;
        Assert.Contains($"\"State\":{(int)RunState.Done}", stored, StringComparison.Ordinal);
    }

    // A sequence counts what a transaction that fails leaves no other trace of.
    private static Task RefuseAsync(RunCluster cluster, string state) => cluster.StateAsync($"""
        CREATE SEQUENCE refused;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('refused'); RAISE 'the disk is full'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON grainstate FOR EACH ROW WHEN (NEW.statename = '{state}') EXECUTE FUNCTION refuse();
        """);

    private static Task AllowAsync(RunCluster cluster) => cluster.StateAsync("DROP TRIGGER refuse ON grainstate");

    private static async Task<long> RefusedAsync(RunCluster cluster) => (long)(await cluster.StateAsync("SELECT last_value FROM refused"))!;
}

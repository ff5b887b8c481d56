using System.Diagnostics;
using Backup.Checkpoints.Postgres;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.ChangeLog;

/// <summary>The change log as silos keep it, of a store in a real PostgreSQL.</summary>
public sealed class ChangeLogTests : IAsyncLifetime
{
    private FollowedStore store = null!;

    public async ValueTask InitializeAsync() => store = await FollowedStore.CreateAsync();

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task It_begins_by_itself_takes_its_base_and_is_never_far_behind()
    {
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString);
        await RunsAsync(cluster);
        var status = await cluster.Log.StatusAsync();
        Assert.Equal(("main", 1, null, null), (status.Archive, status.Epoch, status.Trouble, status.LastGap));
        Assert.NotNull(status.LagBytes);

        var watch = Stopwatch.StartNew();
        var position = await store.WriteAsync("late");
        await cluster.UntilAsync("the write is in the archive within 5 s", s => LogPosition.Read(s.LastClosed!.Position) >= position, seconds: 5);
        TestContext.Current.SendDiagnosticMessage($"a write was in the archive after {watch.Elapsed.TotalSeconds:F1} s");
        Assert.True(await cluster.HoldsAsync("late"));
        Assert.False(await cluster.HoldsAsync("never"));
        var stored = await cluster.StoredAsync();
        Assert.Empty(stored.Gaps);
        Assert.True(stored.LastClosed!.Time >= Assert.Single(stored.Recoverable).From);
        Assert.False(stored.NeedsBase);

        var compacted = await cluster.CompactAsync("prod");
        Assert.Equal((RunKind.Compaction, RunState.Done, 1, 1), (compacted.Kind, compacted.State, compacted.Compaction!.LayersBefore, compacted.Compaction.LayersAfter));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => cluster.CompactAsync("gone"))).Kind);
    }

    [Fact]
    public async Task Another_silo_goes_on_when_the_owners_is_killed()
    {
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString);
        await RunsAsync(cluster);
        var owner = (await cluster.Log.StatusAsync()).Owner;
        await cluster.KillAsync(cluster.Silo(owner));
        await store.WriteAsync("orphan");
        await GoesOnAsync(cluster, owner, "orphan");
    }

    [Fact]
    public async Task A_silo_that_leaves_hands_the_log_over()
    {
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString);
        await RunsAsync(cluster);
        var owner = (await cluster.Log.StatusAsync()).Owner;
        await cluster.LeaveAsync(cluster.Silo(owner));
        await store.WriteAsync("handed");
        await GoesOnAsync(cluster, owner, "handed");
    }

    [Fact]
    public async Task A_slot_that_is_dropped_makes_a_gap_and_a_new_base()
    {
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString);
        await RunsAsync(cluster);
        await store.DropSlotAsync();
        await store.WriteAsync("inside");
        await cluster.UntilAsync("the gap is declared", s => s.LastGap is not null, store);
        await RunsAsync(cluster);
        var stored = await cluster.StoredAsync();
        Assert.Contains("slot", Assert.Single(stored.Gaps).Reason);
        Assert.Equal(2, stored.Recoverable.Count);
        Assert.True(stored.Recoverable[0].To <= stored.Gaps[0].From && stored.Gaps[0].To <= stored.Recoverable[1].From);
        // What was committed in the gap is in the base that was made after it.
        Assert.True(await cluster.HoldsAsync("inside"));
    }

    [Fact]
    public async Task A_source_that_does_not_allow_it_is_refused_with_what_to_do()
    {
        var role = $"plain_{Randomness.Token(8)}";
        await store.ExecuteAsync($"CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}");
        try
        {
            await using var cluster = await LogCluster.StartAsync(new Npgsql.NpgsqlConnectionStringBuilder(store.ConnectionString) { Username = role }.ConnectionString);
            await cluster.UntilAsync("it is refused", s => s.State == LogState.Refused);
            var status = await cluster.Log.StatusAsync();
            Assert.Contains("ALTER ROLE", status.Hint);
            Assert.Equal((null, 0), ((await cluster.StoredAsync()).LastClosed, await store.SlotsAsync()));
        }
        finally
        {
            await store.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_source_keeps_nothing_for_a_log_that_is_not_enabled_any_more()
    {
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString, enabled: false);
        Assert.Equal(LogState.Off, (await cluster.Log.StatusAsync()).State);
        await using (var before = new PostgresStore(new() { Name = "prod", ConnectionString = store.ConnectionString }))
        await using (await before.OpenFeedAsync(LogRun.FeedName(await cluster.Archives.OpenAsync("main", default), "prod"), null, default))
            Assert.Equal(1, await store.SlotsAsync());
        await cluster.Log.AsReference<IRemindable>().ReceiveReminder("keep", default);
        Assert.Equal(0, await store.SlotsAsync());
    }

    private Task RunsAsync(LogCluster cluster) => cluster.UntilAsync("the log runs and has its base", s => s is { State: LogState.Running, NeedsBase: false }, store);

    private async Task GoesOnAsync(LogCluster cluster, string? before, string thread)
    {
        await cluster.UntilAsync("another silo has the log", s => s.State == LogState.Running && s.Owner != before && s.NeedsBase == false, store);
        Assert.True((await cluster.Log.StatusAsync()).Epoch > 1);
        var position = await store.WriteAsync("after");
        await cluster.UntilAsync("ticks go on", s => s.LastClosed is { } closed && LogPosition.Read(closed.Position) >= position, store);
        Assert.True(await cluster.HoldsAsync(thread));
        Assert.True(await cluster.HoldsAsync("after"));
        var stored = await cluster.StoredAsync();
        Assert.Empty(stored.Gaps);
        Assert.Single(stored.Recoverable);
    }
}

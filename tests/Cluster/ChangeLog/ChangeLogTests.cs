using System.Diagnostics;
using Backup.Checkpoints.Postgres;
using Backup.Contracts;
using Backup.Engine.ChangeLog;
using Backup.Engine.Compaction;
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
    public async Task An_archive_that_is_away_costs_a_gap_only_once_the_source_keeps_too_much()
    {
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString, maxRetainedMB: 64);
        await RunsAsync(cluster);
        using (cluster.WithoutArchive())
        {
            await store.WriteAsync("kept");
            await cluster.UntilAsync("it stalls", s => s.State == LogState.Stalled, store);
            Assert.Contains("does not hold this owner's claim", (await cluster.Log.StatusAsync()).Trouble);
        }
        // Nothing was acknowledged into the empty folder.
        await RunsAsync(cluster);
        Assert.Empty((await cluster.StoredAsync()).Gaps);
        Assert.True(await cluster.HoldsAsync("kept"));

        using (cluster.WithoutArchive())
        {
            await store.WriteAsync("inside");
            await store.WriteMuchAsync();
            await Until.TrueAsync("the source keeps nothing", async () => await store.SlotsAsync() == 0, 60);
            // The slot goes first, and then it is told.
            await cluster.UntilAsync("it stalls", s => s.State == LogState.Stalled && s.LagBytes > 64 << 20);
        }
        await cluster.UntilAsync("the gap is declared", s => s.LastGap is not null, store);
        await RunsAsync(cluster);
        var stored = await cluster.StoredAsync();
        Assert.Contains("MB of its log, more than the 64 MB it may", Assert.Single(stored.Gaps).Reason);
        Assert.Equal(2, stored.Recoverable.Count);
        Assert.True(await cluster.HoldsAsync("inside"));
        Assert.True(await cluster.HoldsAsync("kept"));
    }

    [Fact]
    public async Task What_is_done_to_the_store_behind_the_logs_back_is_a_gap_and_never_a_wrong_restore()
    {
        await using var cluster = await LogCluster.StartAsync(await store.OwnerAsync());
        await RunsAsync(cluster);
        var first = await store.WriteAsync("early");
        await cluster.UntilAsync("it is in the archive", s => LogPosition.Read(s.LastClosed!.Position) > first, store);

        // While the publication is away rows are not decoded.
        await store.ExecuteAsync("DO $$ BEGIN EXECUTE (SELECT 'DROP PUBLICATION ' || quote_ident(pubname) FROM pg_publication); END $$");
        await store.WriteAsync("hidden");
        await GapAsync(1, "publication");
        Assert.True(await cluster.HoldsAsync("hidden"));

        // A table that is another one has lost rows, and the log says nothing of it.
        await store.ExecuteAsync("""
            CREATE TABLE other (LIKE checkpoints INCLUDING ALL); INSERT INTO other SELECT * FROM checkpoints WHERE thread_id <> 'first';
            DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE other OWNER TO %I', tableowner) FROM pg_tables WHERE tablename = 'checkpoints'); END $$;
            DROP TABLE checkpoints; ALTER TABLE other RENAME TO checkpoints;
            """);
        await store.WriteAsync("renewed");
        await GapAsync(2, "checkpoints");
        Assert.True(await cluster.HoldsAsync("renewed"));
        Assert.False(await cluster.HoldsAsync("first"));
        Assert.True(await cluster.HoldsAsync("first", first));
        Assert.True(await cluster.HoldsAsync("early", first));
        Assert.False(await cluster.HoldsAsync("hidden", first));

        // Rows that a policy hides are not gone: the log goes on, and a backup is refused rather than made without them.
        await store.ExecuteAsync("ALTER TABLE checkpoints ENABLE ROW LEVEL SECURITY; ALTER TABLE checkpoints FORCE ROW LEVEL SECURITY");
        var position = await store.WriteAsync("policed");
        await cluster.UntilAsync("it is in the archive", s => LogPosition.Read(s.LastClosed!.Position) > position, store);
        Assert.True(await cluster.HoldsAsync("policed", position));
        Assert.True(await cluster.HoldsAsync("renewed", position));
        Assert.Equal(2, (await cluster.StoredAsync()).Gaps.Count);

        async Task GapAsync(int count, string reason)
        {
            var declared = 0;
            await cluster.UntilAsync("the gap is declared", _ => declared == count, store, before: async () => declared = (await cluster.StoredAsync()).Gaps.Count);
            await RunsAsync(cluster);
            Assert.Contains(reason, (await cluster.StoredAsync()).Gaps[^1].Reason);
        }
    }

    [Fact]
    public async Task A_source_that_does_not_allow_it_is_backed_up_at_short_intervals_and_says_what_to_do()
    {
        var role = $"plain_{Randomness.Token(8)}";
        await store.ExecuteAsync($"CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}");
        try
        {
            await using var cluster = await LogCluster.StartAsync(new Npgsql.NpgsqlConnectionStringBuilder(store.ConnectionString) { Username = role }.ConnectionString);
            await cluster.UntilAsync("it is refused, and a backup is made in its place", s => s.State == LogState.Polling);
            var status = await cluster.Log.StatusAsync();
            Assert.Contains("ALTER ROLE", status.Hint);
            await store.WriteAsync("polled");
            var written = TimeProvider.System.GetUtcNow(); // the server's clock is this machine's
            await cluster.UntilAsync("one has come that was begun after it", s => s.LastPolled > written);
            Assert.True(await cluster.NewestHoldsAsync("polled"));
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

    [Fact]
    public async Task A_chain_that_grows_long_is_compacted_in_the_background()
    {
        await using var cluster = await LogCluster.StartAsync(store.ConnectionString, enabled: false);
        for (var i = 0; i < ChainPolicy.Due; i++)
        {
            await store.WriteAsync($"step {i}");
            await cluster.BackupAsync(BackupStrategyKind.Incremental);
        }
        await Until.TrueAsync("the chain is short", async () => await cluster.LayersAsync() <= ChainPolicy.Settled);
        Assert.True(await cluster.NewestHoldsAsync("step 0"));
        Assert.True(await cluster.NewestHoldsAsync($"step {ChainPolicy.Due - 1}"));
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

using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Npgsql;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>Servers that others use meanwhile: cuts, locks, time limits, plans.</summary>
public sealed class LiveTests(DatabaseFixture fixture)
{
    private const string Impatient = "-c lock_timeout=300ms";

    [Fact]
    public async Task A_joined_cut_outlives_the_one_it_was_joined_from()
    {
        await using var store = await CreateAsync();
        var before = Support.Samples.Thread(new(), "a", 3);
        await store.WriteAsync(before);
        ISourceCut joined;
        await using (var cut = await store.Source.CutAsync(default)) joined = await store.Source.JoinCutAsync(cut.Description.Token, default);
        await using (joined)
        {
            await store.DeleteAsync("a");
            Contents.AssertEqual(before, await Contents.ReadAsync(joined));
        }
    }

    [Fact]
    public async Task A_cut_whose_keeper_is_gone_is_lost()
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 1));
        await using var cut = await store.Source.CutAsync(default);
        await store.ScalarAsync<long>("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = '" + store.Schema + "' AND state = 'idle in transaction'");
        await Assert.ThrowsAsync<CutLostException>(() => cut.CaptureAsync([UnitId.Thread("a")], new Contents(), default));
        await Assert.ThrowsAsync<CutLostException>(() => store.Source.JoinCutAsync(cut.Description.Token, default));
    }

    [Fact]
    public async Task A_snapshot_is_let_go_of_with_the_cut_also_when_a_capture_failed()
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 50));
        await using (var cut = await store.Source.CutAsync(default))
        {
            Assert.True(await SnapshotsAsync(store) > 0);
            var stopping = new CancellationTokenSource();
            await stopping.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cut.CaptureAsync([UnitId.Thread("a")], new Contents(), stopping.Token));
            await Contents.ReadAsync(cut);
        }
        Assert.Equal(0, await SnapshotsAsync(store));
    }

    [Fact]
    public async Task A_source_session_cannot_write()
    {
        await using var store = await CreateAsync();
        await using var connections = new Checkpoints.Postgres.Connections(new() { Name = "s", ConnectionString = store.ConnectionString, Writable = true });
        await using var connection = await connections.ReadAsync(default);
        await using var command = new NpgsqlCommand(store.Named("DELETE FROM {s}.checkpoints"), connection);
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
    }

    [Fact]
    public async Task Time_limits_of_the_role_do_not_end_a_capture()
    {
        var role = $"hasty_{Randomness.Token(8)}";
        await using var store = await CreateAsync();
        await store.ExecuteAsync($"CREATE ROLE {role} LOGIN; ALTER ROLE {role} SET statement_timeout = '1ms'; ALTER ROLE {role} SET idle_in_transaction_session_timeout = '1ms'; ALTER ROLE {role} SET default_transaction_isolation = 'serializable'; GRANT USAGE ON SCHEMA {{s}} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {{s}} TO {role}");
        try
        {
            var contents = Support.Samples.Thread(new(), "a", 200);
            await store.WriteAsync(contents);
            await using var hasty = new Checkpoints.Postgres.PostgresStore(new() { Name = "hasty", ConnectionString = new NpgsqlConnectionStringBuilder(store.ConnectionString) { Username = role }.ConnectionString, Schema = store.Schema });
            Contents.AssertEqual(contents, await Contents.ReadAsync(hasty));
        }
        finally
        {
            await store.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task Nothing_is_sorted_or_read_through_that_an_index_serves()
    {
        await using var store = await CreateAsync();
        await store.ExecuteAsync("""
            INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) SELECT md5((i % 900)::text), i::text, '{}' FROM generate_series(1, 9000) i;
            INSERT INTO {s}.checkpoint_blobs (thread_id, channel, version, type) SELECT md5((i % 900)::text), 'm', i::text, 'empty' FROM generate_series(1, 9000) i;
            INSERT INTO {s}.checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, blob) SELECT md5((i % 900)::text), i::text, 't', 0, 'm', '' FROM generate_series(1, 9000) i;
            ANALYZE {s}.checkpoints, {s}.checkpoint_blobs, {s}.checkpoint_writes;
            """);
        await using var cut = await store.Source.CutAsync(default);
        Assert.True((await cut.PlanAsync(8, default)).Count >= 8);
        var query = new CaptureQuery(store.Schema, RecordColumns.OfThreads(StoreLayout.Decode(cut.Description.Layout)));
        await using var connections = new Checkpoints.Postgres.Connections(new() { Name = "s", ConnectionString = store.ConnectionString });
        await using var scope = await SnapshotScope.OpenAsync(connections.ReadAsync, null, default);
        foreach (var sql in new[] { query.Range(null, null), query.Range("4", "6"), query.Units(["a", "b"]), query.List() })
        {
            var select = sql.StartsWith("copy (", StringComparison.Ordinal) ? sql[6..sql.LastIndexOf(") to stdout", StringComparison.Ordinal)] : sql;
            await using var command = new NpgsqlCommand($"EXPLAIN {select}", scope.Keeper);
            await using var reader = await command.ExecuteReaderAsync();
            var plan = new List<string>();
            while (await reader.ReadAsync()) plan.Add(reader.GetString(0));
            var text = string.Join('\n', plan);
            Assert.DoesNotContain("Seq Scan", text, StringComparison.Ordinal);
            // The list sorts what is already one row per thread.
            if (sql != query.List()) Assert.DoesNotContain("Sort  (", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("LOCK TABLE {s}.checkpoint_blobs IN ROW EXCLUSIVE MODE", false)] // a writer
    [InlineData("LOCK TABLE {s}.checkpoints IN ACCESS EXCLUSIVE MODE", false)] // a migration
    [InlineData("UPDATE {s}.checkpoints SET metadata = '{}'", true)]
    [InlineData("INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('n', 'c00001', '{}')", true)]
    public async Task Who_holds_locks_for_long_is_not_waited_for_without_end(string held, bool online)
    {
        await using var store = await new PostgresUnderTest(fixture.Database, options: Impatient).SetupAsync();
        var before = Support.Samples.Thread(new(), "a", 2);
        await store.WriteAsync(before);
        var intent = await store.IntentAsync(online);
        await using (var source = NpgsqlDataSource.Create(fixture.Database.ConnectionString))
        {
            await using var other = await source.OpenConnectionAsync();
            await using var transaction = await other.BeginTransactionAsync();
            await using (var command = new NpgsqlCommand(store.Named(held), other)) await command.ExecuteNonQueryAsync();
            var error = await Assert.ThrowsAsync<BackupException>(() => StoreUnderTest.RestoreAsync(store.Target, intent, Support.Samples.Thread(Support.Samples.Thread(new(), "a", 1), "n", 1), UnitId.Thread("a")));
            Assert.Equal(ErrorKind.Conflict, error.Kind);
            Assert.Contains("pg_stat_activity", error.Hint, StringComparison.Ordinal);
        }
        Contents.AssertEqual(before, await Contents.ReadAsync(store.Source));
    }

    [Fact]
    public async Task In_place_writers_wait_and_readers_do_not()
    {
        await using var store = await CreateAsync();
        await store.WriteAsync(Support.Samples.Thread(new(), "a", 2));
        await using (var session = await store.Target.OpenAsync(await store.IntentAsync(), default))
        {
            Assert.Equal(2, await store.ScalarAsync<long>("SELECT count(*) FROM {s}.checkpoints"));
            var error = await Assert.ThrowsAsync<PostgresException>(() => store.ExecuteAsync("SET lock_timeout = '200ms'; INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('n', 'c', '{}')"));
            Assert.Equal(PostgresErrorCodes.LockNotAvailable, error.SqlState);
        }
        await store.ExecuteAsync("INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('n', 'c', '{}')");
    }

    [Fact]
    public async Task A_second_restore_into_the_same_schema_is_told()
    {
        await using var store = await new PostgresUnderTest(fixture.Database, options: Impatient).SetupAsync();
        await using var target = new PostgresUnderTest(fixture.Database, options: Impatient);
        var intent = await store.IntentAsync();
        await using (await target.Target.OpenAsync(intent, default))
        {
            var error = await Assert.ThrowsAsync<BackupException>(() => target.Target.OpenAsync(intent, default));
            Assert.Equal(ErrorKind.Conflict, error.Kind);
            Assert.Contains("another restore", error.Message, StringComparison.Ordinal);
            // One of the same restore in another process joins it.
            await using var joined = await target.Target.OpenAsync(intent with { Joined = true }, default);
            Assert.True(joined.Fresh);
        }
        await using var next = await target.Target.OpenAsync(intent, default);
    }

    [Fact]
    public async Task A_restore_that_ended_half_way_goes_on()
    {
        await using var store = await CreateAsync();
        await using var target = (PostgresUnderTest)store.Another();
        var contents = Support.Samples.Thread(Support.Samples.Thread(new(), "a", 2), "b", 2);
        var intent = await store.IntentAsync();
        await using (var session = await target.Target.OpenAsync(intent, default)) await StoreUnderTest.LoadAsync(session, contents.Only(UnitId.Thread("a")));
        Assert.Contains("no primary key", (await Assert.ThrowsAsync<BackupException>(() => target.Source.CutAsync(default))).Message, StringComparison.Ordinal);
        await using (var plan = await target.Target.InspectAsync(intent, default)) Contents.AssertEqual(contents.Only(UnitId.Thread("a")), await Contents.ReadAsync(plan!));
        await StoreUnderTest.RestoreAsync(target.Target, intent, contents.Only(UnitId.Thread("b")));
        Contents.AssertEqual(contents, await Contents.ReadAsync(target.Source));
    }

    private Task<PostgresUnderTest> CreateAsync() => new PostgresUnderTest(fixture.Database).SetupAsync();

    private static Task<long> SnapshotsAsync(PostgresUnderTest store) =>
        store.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{store.Schema}' AND (backend_xmin IS NOT NULL OR state LIKE 'idle in transaction%')");
}

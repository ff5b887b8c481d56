using Backup.Contracts;
using Backup.Engine.Restore;
using Backup.Tests.StoreSuite.Support;
using Backup.Tests.Unit;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>
/// Stores of older savers: captured and put back as they are, over an upgrade by a newer saver in the middle of a chain, or upgraded on
/// restore into what that saver's setup() would have made.
/// </summary>
public sealed class GenerationTests(DatabaseFixture fixture) : IDisposable
{
    private const string OldWrites = "thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob";

    // Formats 1 to 3, each with what it needs of its parent (formats.md §1.3); values in blobs, every one, as before Python 2.0.23 (§2.3).
    private const string Old = """
        INSERT INTO {s}.checkpoints VALUES
          ('t', '', '1ef0', NULL, NULL, '{"v": 1, "id": "1ef0", "ts": "2024-06-01T00:00:00.000001+00:00", "pending_sends": [], "versions_seen": {"__input__": {}}, "channel_versions": {"__start__": "00000000000000000000000000000001.0.5"}}', '{"step": -1, "writes": {"n": 1.50}, "source": "input"}'),
          ('t', '', '1ef1', '1ef0', NULL, '{"v": 2, "id": "1ef1", "ts": "2025-03-25T00:00:00+00:00", "channel_versions": {"start:plan": "00000000000000000000000000000002.0.25", "plan": "00000000000000000000000000000002.0.125"}}', '{"step": 0, "source": "loop", "parents": {}}'),
          ('t', '', '1ef2', '1ef1', NULL, '{"v": 3, "id": "1ef2", "ts": "2025-04-03T00:00:00+00:00", "channel_versions": {"branch:to:job": "00000000000000000000000000000003.0.75"}}', '{"step": 1, "source": "loop", "parents": {}}');
        INSERT INTO {s}.checkpoint_blobs VALUES ('t', '', '__start__', '00000000000000000000000000000001.0.5', 'msgpack', '\x81a17801'),
          ('t', '', 'start:plan', '00000000000000000000000000000002.0.25', 'json', '"__start__"'), ('t', '', 'plan', '00000000000000000000000000000002.0.125', 'msgpack', '\xa4706c616e');
        INSERT INTO {s}.checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob) VALUES ('t', '', '1ef1', 'task', 0, '__pregel_tasks', 'msgpack', '\xc7010500ff'), ('t', '', '1ef1', 'task', 1, '__pregel_tasks', 'msgpack', '\xc7010500fe'),
          ('t', '', '1ef2', 'task2', -3, '__interrupt__', NULL, '\x90');
        """;

    // Behind migration 4.
    private const string Empty = "INSERT INTO {s}.checkpoint_blobs VALUES ('t', '', 'branch:to:job', '00000000000000000000000000000003.0.75', 'empty', NULL)";

    // A newer saver goes on with the same thread: format 4, values inline, paths of tasks.
    private const string New = """
        INSERT INTO {s}.checkpoints VALUES ('t', '', '1ef3', '1ef2', NULL, '{"v": 4, "id": "1ef3", "ts": "2026-01-01T00:00:00+00:00", "channel_values": {"topic": "x", "n": 1.50}, "channel_versions": {"topic": "00000000000000000000000000000004.0.5"}, "updated_channels": ["topic"]}', '{"step": 2}');
        INSERT INTO {s}.checkpoint_writes VALUES ('t', '', '1ef2', 'task2', -4, '__resume__', 'msgpack', '\xc3', '~__pregel_pull, job'), ('t', '', '1ef3', 'task3', 0, 'topic', 'msgpack', '\xa179', '~__pregel_pull, close');
        """;

    private readonly TemporaryArchive temporary = new();

    [Theory]
    [InlineData(3)]
    [InlineData(4)] // what the JS package makes
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task A_store_of_any_generation_comes_back_as_it_is_or_as_setup_would_have_upgraded_it(int generation)
    {
        var archive = temporary.Create();
        await using var source = await CreateAsync(generation);
        var (oldShape, oldRows) = (await Migrations.ShapeAsync(source), await Migrations.RowsAsync(source));
        var full = await TemporaryArchive.BackupAsync(archive, source.Source);
        Assert.True((await temporary.VerifyAsync(archive, deep: true, source.Source, full.BackupId)).Ok);

        await using var asItIs = new PostgresUnderTest(fixture.Database);
        await RestoreAsync(asItIs, full.BackupId);
        Assert.Equal((oldShape, oldRows), (await Migrations.ShapeAsync(asItIs), await Migrations.RowsAsync(asItIs)));

        // A newer saver opens the store, and goes on with the thread.
        await Migrations.SetupAsync(source, 9);
        var newShape = await Migrations.ShapeAsync(source);
        var unchanged = await TemporaryArchive.BackupAsync(archive, source.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Equal((full.StateRoot, "incremental"), (unchanged.StateRoot, unchanged.Strategy));
        await source.ExecuteAsync(New);
        var increment = await TemporaryArchive.BackupAsync(archive, source.Source, strategy: BackupStrategyKind.Incremental);
        Assert.Equal("incremental", increment.Strategy);
        await using var later = new PostgresUnderTest(fixture.Database);
        await RestoreAsync(later, increment.BackupId);
        Assert.Equal((newShape, await Migrations.RowsAsync(source)), (await Migrations.ShapeAsync(later), await Migrations.RowsAsync(later)));

        // What was put back as it was is upgraded by that saver too; and the restore does the same when it is asked to.
        await Migrations.SetupAsync(asItIs, 9);
        await using var upgraded = new PostgresUnderTest(fixture.Database);
        var report = await RestoreAsync(upgraded, full.BackupId, "python-9");
        Assert.Equal((true, 0), (report.Exact, report.Dropped.Count));
        foreach (var store in new[] { asItIs, upgraded })
        {
            Assert.Equal(newShape, await Migrations.ShapeAsync(store));
            Assert.Equal(oldRows, await Migrations.RowsAsync(store, generation < 9 ? OldWrites : "w.*"));
            Assert.Equal(0, await store.ScalarAsync<long>("SELECT count(*) FROM {s}.checkpoint_writes WHERE task_path <> ''"));
        }
        Assert.True((await temporary.VerifyAsync(archive, deep: false, upgraded.Source, full.BackupId)).Ok);
    }

    [Fact]
    public async Task A_checkpoint_of_an_old_format_has_the_tasks_its_parent_sent_when_it_is_restored_alone()
    {
        var archive = temporary.Create();
        await using var source = await CreateAsync(4);
        await Migrations.SetupAsync(source, 9);
        await source.ExecuteAsync(New);
        var backup = await TemporaryArchive.BackupAsync(archive, source.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        var report = await TemporaryArchive.RestoreAsync(archive, target.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Threads = ["t"], Checkpoint = "1ef2", Layout = "python" });
        Assert.True(report.Exact);
        Assert.Equal("1:1ef0 2:1ef1 3:1ef2", await target.ScalarAsync<string>("SELECT string_agg((checkpoint ->> 'v') || ':' || checkpoint_id, ' ' ORDER BY checkpoint_id) FROM {s}.checkpoints"));
        // Those of its parent, and of its own none: a decision was taken on it.
        Assert.Equal("1ef1 __pregel_tasks 0, 1ef1 __pregel_tasks 1", await target.ScalarAsync<string>("SELECT string_agg(format('%s %s %s', checkpoint_id, channel, idx), ', ' ORDER BY checkpoint_id, idx) FROM {s}.checkpoint_writes"));
    }

    [Theory]
    [InlineData(9, "js", "migration 9", "task_path")]
    [InlineData(9, "python-8", "migration 9", "task_path")]
    [InlineData(8, "python-5", "migration 8", "index checkpoints_thread_id_idx")]
    [InlineData(4, "python-3", "migration 4", "type empty")]
    public async Task Nothing_is_restored_into_older_tables(int generation, string layout, params string[] said)
    {
        temporary.Create();
        await using var source = await CreateAsync(generation);
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), source.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        await RefusedAsync(target, backup.BackupId, layout, said);
        Assert.Equal(0, await target.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = '{n}'".Replace("{n}", target.Schema, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(4, "", "last migration is 4, not 9, and they lack column task_path")]
    [InlineData(8, "TRUNCATE {s}.checkpoint_migrations", "task_path")]
    [InlineData(4, "DROP TABLE {s}.checkpoint_migrations; ALTER TABLE {s}.checkpoint_writes ADD task_path text NOT NULL DEFAULT ''", "index checkpoints_thread_id_idx")]
    public async Task Tables_that_are_there_are_not_changed(int present, string change, string said)
    {
        temporary.Create();
        await using var source = await CreateAsync(5);
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), source.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        await Migrations.SetupAsync(target, present);
        if (change.Length > 0) await target.ExecuteAsync(change);
        await RefusedAsync(target, backup.BackupId, "python-9", said);
        // Into what setup() makes of them it goes.
        await using var ready = new PostgresUnderTest(fixture.Database);
        await Migrations.SetupAsync(ready, 9);
        Assert.True((await RestoreAsync(ready, backup.BackupId, "python-9")).Exact);
    }

    [Fact]
    public async Task A_layout_that_nobody_has_is_refused_with_those_there_are()
    {
        temporary.Create();
        await using var source = await CreateAsync(4);
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), source.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        foreach (var name in new[] { "python-10", "js-9", "newest", "" })
        {
            var error = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(target, backup.BackupId, name));
            Assert.Equal(ErrorKind.Usage, error.Kind);
            Assert.Contains("js, js-3, js-4, python, python-3, python-4, python-5, python-6, python-7, python-8, python-9.", error.Hint, StringComparison.Ordinal);
        }
        await using var memory = new MemoryUnderTest();
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<BackupException>(async () => await TemporaryArchive.RestoreAsync(await temporary.OpenAsync(), memory.Target,
            new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Layout = "python" }))).Kind);
    }

    [Fact]
    public async Task No_row_says_a_migration_was_done_that_the_tables_there_do_not_show()
    {
        temporary.Create();
        await using var source = await CreateAsync(9);
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), source.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        await Migrations.SetupAsync(target, 8);
        await target.ExecuteAsync("TRUNCATE {s}.checkpoint_migrations");
        Assert.True((await RestoreAsync(target, backup.BackupId)).Exact);
        Assert.Equal(8, await target.ScalarAsync<int>("SELECT max(v) FROM {s}.checkpoint_migrations"));
        // So the saver makes what is missing.
        await Migrations.SetupAsync(target, 9);
        Assert.Equal(await Migrations.ShapeAsync(source), await Migrations.ShapeAsync(target));
    }

    [Theory]
    [InlineData("js", 4)]
    [InlineData("python", 9)]
    public async Task What_never_was_in_tables_gets_those_that_are_asked_for(string layout, int last)
    {
        temporary.Create();
        await using var memory = new MemoryUnderTest();
        await memory.WriteAsync(Support.Samples.Thread(new(), "t", 2));
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), memory.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        Assert.True((await RestoreAsync(target, backup.BackupId, layout)).Exact);
        Assert.Equal(last, await target.ScalarAsync<int>("SELECT max(v) FROM {s}.checkpoint_migrations"));
        var shape = await Migrations.ShapeAsync(target);
        await Migrations.SetupAsync(target, last);
        Assert.Equal(shape, await Migrations.ShapeAsync(target));
    }

    [Theory]
    [InlineData("redis", null)]
    [InlineData("redis", "python")]
    [InlineData("s3", null)]
    public async Task By_way_of_another_store_it_comes_back_as_it_was_last_or_upgraded(string kind, string? layout)
    {
        var archive = temporary.Create();
        await using var source = await CreateAsync(4);
        await using StoreUnderTest between = kind == "s3" ? new S3UnderTest() : new RedisUnderTest();
        await using var home = new PostgresUnderTest(fixture.Database);
        await RestoreAsync(between, (await TemporaryArchive.BackupAsync(archive, source.Source)).BackupId);
        var before = await TemporaryArchive.BackupAsync(archive, between.Source, "between");
        await RestoreAsync(home, before.BackupId, layout);
        await using var other = new PostgresUnderTest(fixture.Database);
        await Migrations.SetupAsync(other, layout is null ? 4 : 9);
        Assert.Equal(await Migrations.ShapeAsync(other), await Migrations.ShapeAsync(home));

        // The source is upgraded, and writes what only the newer tables hold.
        await Migrations.SetupAsync(source, 9);
        await source.ExecuteAsync(New);
        var increment = await TemporaryArchive.BackupAsync(archive, source.Source, strategy: BackupStrategyKind.Incremental);
        await TemporaryArchive.RestoreAsync(archive, between.Target, new() { Archive = "main", BackupId = increment.BackupId, Target = "t", Conflict = ConflictPolicy.Overwrite, Mirror = true });
        var after = await TemporaryArchive.BackupAsync(archive, between.Source, "between");
        await using var last = new PostgresUnderTest(fixture.Database);
        await RestoreAsync(last, after.BackupId, layout);
        Assert.Equal((await Migrations.ShapeAsync(source), await Migrations.RowsAsync(source)), (await Migrations.ShapeAsync(last), await Migrations.RowsAsync(last)));
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("s3")]
    public async Task A_mirror_of_a_store_that_never_had_tables_takes_away_what_was_known_of_others(string kind)
    {
        var archive = temporary.Create();
        await using var source = await CreateAsync(9);
        await using StoreUnderTest between = kind == "s3" ? new S3UnderTest() : new RedisUnderTest(), other = kind == "s3" ? await new S3UnderTest().SetupAsync() : await new RedisUnderTest().SetupAsync();
        await RestoreAsync(between, (await TemporaryArchive.BackupAsync(archive, source.Source)).BackupId);
        var thread = Support.Samples.Thread(new(), "a", 2);
        await other.WriteAsync(thread);
        var mirrored = await TemporaryArchive.BackupAsync(archive, other.Source, "other");
        await TemporaryArchive.RestoreAsync(archive, between.Target, new() { Archive = "main", BackupId = mirrored.BackupId, Target = "t", Conflict = ConflictPolicy.Overwrite, Mirror = true });
        Contents.AssertEqual(thread, await Contents.ReadAsync(between.Source));
        Assert.DoesNotContain("origin", (await between.IntentAsync()).Layout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_that_died_while_it_loaded_ends_with_every_index_and_every_migration_when_it_is_run_again()
    {
        temporary.Create();
        await using var source = await CreateAsync(9);
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), source.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        await using (await target.Target.OpenAsync(await source.IntentAsync(), default)) { }
        Assert.Equal(0, await target.ScalarAsync<long>("SELECT count(*) FROM pg_indexes WHERE schemaname = '{s}'".Replace("{s}", target.Schema, StringComparison.Ordinal)));
        Assert.Empty((await RestoreAsync(target, backup.BackupId)).Dropped);
        Assert.Equal((await Migrations.ShapeAsync(source), await Migrations.RowsAsync(source)), (await Migrations.ShapeAsync(target), await Migrations.RowsAsync(target)));
    }

    [Theory]
    [InlineData("python-9", "python-8", "column task_path of checkpoint_writes")]
    [InlineData("python-9", null, "column task_path of checkpoint_writes")]
    [InlineData("js-4", "js-3", "values of type empty")]
    public async Task One_that_died_is_not_finished_as_one_of_older_tables(string begun, string? layout, string said)
    {
        temporary.Create();
        await using var source = await CreateAsync(3);
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), source.Source);
        await using var target = new PostgresUnderTest(fixture.Database);
        await using (await target.Target.OpenAsync(await source.IntentAsync() with { Generation = begun }, default)) { }
        await RefusedAsync(target, backup.BackupId, layout, "begun by a restore with another --layout", said);
        Assert.True((await RestoreAsync(target, backup.BackupId, begun)).Exact);
        await using var whole = new PostgresUnderTest(fixture.Database);
        await Migrations.SetupAsync(whole, begun == "js-4" ? 4 : 9);
        Assert.Equal(await Migrations.ShapeAsync(whole), await Migrations.ShapeAsync(target));
    }

    [Fact]
    public async Task The_report_counts_every_kind_and_names_what_has_no_place()
    {
        temporary.Create();
        await using var source = await CreateAsync(9);
        await source.ExecuteAsync("""
            CREATE TABLE {s}.store (prefix text, key text, value jsonb NOT NULL, PRIMARY KEY (prefix, key));
            ALTER TABLE {s}.checkpoints ADD step text GENERATED ALWAYS AS (metadata ->> 'step') STORED;
            CREATE FUNCTION {s}.watch() RETURNS TRIGGER AS $$ BEGIN RETURN NEW; END; $$ language 'plpgsql'; CREATE TRIGGER watched BEFORE UPDATE ON {s}.checkpoints FOR EACH ROW EXECUTE FUNCTION {s}.watch()
            """);
        var backup = await TemporaryArchive.BackupAsync(await temporary.OpenAsync(), source.Source);
        await using var fresh = new PostgresUnderTest(fixture.Database);
        Assert.Equal([("table", "trigger", 1)], await PlannedAsync(fresh, backup.BackupId));
        var first = await RestoreAsync(fresh, backup.BackupId);
        Assert.Equal(new() { Checkpoints = 3, Blobs = 4, Writes = 3 }, first.Written);
        Assert.Equal(10, first.Records);
        Assert.Equal([("table", "trigger", 1)], Told(first));
        var again = await RestoreAsync(fresh, backup.BackupId);
        Assert.Equal((0, 1), (again.Written.Total(), again.Unchanged));

        await using var js = new PostgresUnderTest(fixture.Database);
        await Migrations.SetupAsync(js, 4);
        (string, string, long)[] lacking = [("table", "index", 3), ("table", "generated column", 1), ("table", "trigger", 1)];
        Assert.Equal(lacking, await PlannedAsync(js, backup.BackupId));
        Assert.Equal(lacking, Told(await RestoreAsync(js, backup.BackupId)));
        await using var memory = new MemoryUnderTest();
        // Long-term memory is not dropped where it was not asked for.
        Assert.Equal([("table", "layout", 4)], await PlannedAsync(memory, backup.BackupId, "t"));
        Assert.Equal([("table", "layout", 4)], Told(await TemporaryArchive.RestoreAsync(await temporary.OpenAsync(), memory.Target, new() { Archive = "main", BackupId = backup.BackupId, Target = "t", Threads = ["t"] })));
        Assert.Equal([("table", "layout", 5)], await PlannedAsync(memory, backup.BackupId));
        Assert.Equal([("table", "layout", 5)], Told(await RestoreAsync(memory, backup.BackupId)));
        // What keeps a layout that is not its own drops nothing; nor does what goes back to tables from there.
        await using var redis = new RedisUnderTest();
        Assert.Empty(await PlannedAsync(redis, backup.BackupId));
        Assert.Empty((await RestoreAsync(redis, backup.BackupId)).Dropped);
    }

    public void Dispose() => temporary.Dispose();

    private static IEnumerable<(string, string, long)> Told(RestoreReport report) => report.Dropped.Select(d => (d.Of, d.What, d.Count));

    private async Task<IEnumerable<(string, string, long)>> PlannedAsync(StoreUnderTest target, string backup, string? thread = null)
    {
        var request = new RestoreRequest { Archive = "main", BackupId = backup, Target = "t", Threads = thread is null ? null : [thread] };
        return (await new RestoreRun(await temporary.OpenAsync(), target.Target, request, TimeProvider.System).PlanAsync(default)).Dropped.Select(d => (d.Of, d.What, d.Count));
    }

    private async Task<PostgresUnderTest> CreateAsync(int generation)
    {
        var store = new PostgresUnderTest(fixture.Database);
        await Migrations.SetupAsync(store, generation);
        await store.ExecuteAsync(Old);
        if (generation > 3) await store.ExecuteAsync(Empty);
        return store;
    }

    private async Task<RestoreReport> RestoreAsync(StoreUnderTest target, string backup, string? layout = null) =>
        await TemporaryArchive.RestoreAsync(await temporary.OpenAsync(), target.Target, new() { Archive = "main", BackupId = backup, Target = "t", Layout = layout });

    private async Task RefusedAsync(PostgresUnderTest target, string backup, string? layout, params string[] said)
    {
        var request = new RestoreRequest { Archive = "main", BackupId = backup, Target = "t", Layout = layout };
        var archive = await temporary.OpenAsync();
        foreach (var run in new Func<Task>[] { () => TemporaryArchive.RestoreAsync(archive, target.Target, request), () => new Engine.Restore.RestoreRun(archive, target.Target, request, TimeProvider.System).PlanAsync(default) })
        {
            var error = await Assert.ThrowsAsync<BackupException>(run);
            Assert.Equal(ErrorKind.Usage, error.Kind);
            foreach (var word in said) Assert.Contains(word, error.Message, StringComparison.Ordinal);
        }
    }
}

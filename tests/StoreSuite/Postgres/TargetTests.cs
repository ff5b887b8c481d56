using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>Targets whose tables are not those that were captured: exact, or refused by name before a byte is written.</summary>
public sealed class TargetTests(DatabaseFixture fixture)
{
    private static readonly Contents Thread = Support.Samples.Thread(new(), "t", 2);

    [Theory]
    [InlineData("ALTER TABLE {s}.checkpoints ADD tenant text NOT NULL", "tenant")]
    [InlineData("ALTER TABLE {s}.checkpoint_writes ALTER blob TYPE text", "blob")]
    [InlineData("ALTER TABLE {s}.checkpoint_blobs ALTER version TYPE varchar(20)", "version")]
    [InlineData("ALTER TABLE {s}.checkpoint_blobs ALTER version TYPE integer USING 1", "version")]
    [InlineData("ALTER TABLE {s}.checkpoint_writes DROP COLUMN type", "type")]
    [InlineData("ALTER TABLE {s}.checkpoints ALTER thread_id TYPE uuid USING NULL", "thread_id")]
    public async Task What_a_target_cannot_carry_is_refused(string change, string said)
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync();
        await using var target = await new PostgresUnderTest(fixture.Database).SetupAsync(true, change);
        var intent = await store.IntentAsync();
        foreach (var open in new Func<Task>[] { () => target.Target.OpenAsync(intent, default), () => target.Target.InspectAsync(intent, default) })
        {
            var error = await Assert.ThrowsAsync<BackupException>(open);
            Assert.Equal(ErrorKind.Usage, error.Kind);
            Assert.Contains(said, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_captured_column_that_the_target_lacks_is_refused()
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync(true, "ALTER TABLE {s}.checkpoints ADD tenant text");
        await using var target = await new PostgresUnderTest(fixture.Database).SetupAsync();
        var error = await Assert.ThrowsAsync<BackupException>(async () => await target.Target.OpenAsync(await store.IntentAsync(), default));
        Assert.Contains("tenant", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALTER TABLE {s}.checkpoints ADD tenant text NOT NULL DEFAULT 'x', ADD made timestamptz DEFAULT now(), ADD note text", "SELECT count(*) FROM {s}.checkpoints WHERE tenant = 'x' AND made IS NOT NULL AND note IS NULL")]
    [InlineData("ALTER TABLE {s}.checkpoints ADD id bigserial", "SELECT count(DISTINCT id) FROM {s}.checkpoints")]
    [InlineData("ALTER TABLE {s}.checkpoints ADD doubled text GENERATED ALWAYS AS (checkpoint_id || checkpoint_id) STORED", "SELECT count(*) FROM {s}.checkpoints WHERE doubled LIKE 'c%c%'")]
    [InlineData("ALTER TABLE {s}.checkpoint_writes ALTER idx TYPE smallint", "SELECT count(*) FROM {s}.checkpoints")]
    public async Task A_column_of_the_target_alone_gets_its_default(string change, string count)
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync();
        await using var target = await new PostgresUnderTest(fixture.Database).SetupAsync(true, change.Replace("smallint", "integer", StringComparison.Ordinal));
        var intent = await store.IntentAsync();
        await StoreUnderTest.RestoreAsync(target.Target, intent, Thread);
        Assert.Equal(2, await target.ScalarAsync<long>(count));
        // The same again is no difference.
        await using var seen = await target.Target.InspectAsync(intent, default);
        Contents.AssertEqual(Thread, await Contents.ReadAsync(seen!));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_store_without_task_path_equals_one_where_it_is_empty(bool from, bool to)
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync(from);
        await using var target = await new PostgresUnderTest(fixture.Database).SetupAsync(to);
        await StoreUnderTest.RestoreAsync(target.Target, await store.IntentAsync(), Thread);
        Contents.AssertEqual(Thread, await Contents.ReadAsync(target.Source));
    }

    [Fact]
    public async Task Threads_of_another_kind_of_store_get_tables_that_hold_all_of_them()
    {
        await using var memory = new MemoryUnderTest();
        await using var target = new PostgresUnderTest(fixture.Database);
        var contents = Thread.Copy().Put(UnitId.Thread("u"), Support.Samples.Write("c", 0, "m", "1", path: "~path"));
        await memory.WriteAsync(contents);
        await StoreUnderTest.RestoreAsync(target.Target, await memory.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(target.Source));
        // And back, byte by byte.
        await using var again = new MemoryUnderTest();
        await StoreUnderTest.RestoreAsync(again.Target, await target.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(again.Source));
    }

    [Fact]
    public async Task A_task_path_that_has_no_column_is_refused_and_nothing_stays()
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync();
        await using var target = await new PostgresUnderTest(fixture.Database).SetupAsync(python: false);
        var contents = Thread.Copy().Put(UnitId.Thread("u"), Support.Samples.Write("c", 0, "m", "1", path: "~path"));
        var error = await Assert.ThrowsAsync<BackupException>(async () => await StoreUnderTest.RestoreAsync(target.Target, await store.IntentAsync(), contents));
        Assert.Contains("task_path", error.Message, StringComparison.Ordinal);
        Assert.Empty((await Contents.ReadAsync(target.Source)).Units);
    }

    [Theory]
    [InlineData("nul\0")]
    [InlineData("long")]
    public async Task An_id_that_PostgreSQL_cannot_hold_is_refused_and_nothing_stays(string id)
    {
        if (id == "long") id = string.Concat(Enumerable.Range(0, 4000).Select(i => Randomness.Token(2)));
        await using var target = await new PostgresUnderTest(fixture.Database).SetupAsync();
        var contents = Thread.Copy().Put(UnitId.Thread(id), Support.Samples.Write("c", 0, "m", "1"));
        var error = await Assert.ThrowsAsync<BackupException>(async () => await StoreUnderTest.RestoreAsync(target.Target, await target.IntentAsync(), contents));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Empty((await Contents.ReadAsync(target.Source)).Units);
    }

    [Fact]
    public async Task A_target_that_must_not_be_written_is_not()
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync();
        await using var readOnly = new Checkpoints.Postgres.PostgresStore(new() { Name = "ro", ConnectionString = store.ConnectionString, Schema = store.Schema });
        var error = await Assert.ThrowsAsync<BackupException>(async () => await readOnly.OpenAsync(await store.IntentAsync(), default));
        Assert.Contains("Writable", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_one_after_the_other_leave_no_connections()
    {
        await using var target = await new PostgresUnderTest(fixture.Database).SetupAsync();
        for (var run = 1; run <= 4; run++)
            await StoreUnderTest.RestoreAsync(target.Target, await target.IntentAsync() with { Owner = new($"{target.Schema}-{run}", 0) }, Thread, UnitId.Thread("t"));
        // The server may be a moment behind the client that closed them.
        await target.ExecuteAsync($"DO $$ BEGIN FOR i IN 1..1000 LOOP EXIT WHEN ({Connections("NOT LIKE")}) = 0; PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; END $$");
        Assert.Equal(0, await target.ScalarAsync<long>(Connections("NOT LIKE")));
        Assert.InRange(await target.ScalarAsync<long>(Connections("LIKE")), 1, 4);

        string Connections(string like) => $"SELECT count(*) FROM pg_stat_activity WHERE starts_with(application_name, 'backup.orleans {target.Schema}-') AND application_name {like} '%-4/0'";
    }
}

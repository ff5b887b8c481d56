using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.EndToEnd.Support;
using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>Long-term memory: items and their vectors, as both packages keep them.</summary>
public sealed class MemoryTableTests(DatabaseFixture fixture)
{
    private const string PythonItems = """
        INSERT INTO {s}.store VALUES ('users.ann', 'food', '{"likes": ["tea"], "n": 1.0}', '2026-01-02 03:04:05.678901+02', '2026-02-02 00:00:00+00', '2030-01-01 00:00:00+00', 60), ('users.bob', 'food', '"x"', now(), now(), NULL, NULL), ('', 'root', 'null', now(), now(), NULL, NULL);
        INSERT INTO {s}.store_vectors VALUES ('users.ann', 'food', 'likes[*]', '[1,2.5,-3]'), ('users.ann', 'food', '$', '[0,0,1]');
        """;
    private const string JsItems = """
        INSERT INTO {s}.store (namespace_path, key, value, expires_at) VALUES ('users:ann', 'food', '{"likes": "tea"}', '2030-01-01 00:00:00+00'), ('users:bob', 'food', '1', NULL);
        UPDATE {s}.store SET updated_at = '2020-01-01';
        INSERT INTO {s}.store_vectors VALUES ('users:ann', 'food', 'likes', 'tea', '[1,2.5,-3]');
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Items_and_vectors_come_back_with_their_times(bool python)
    {
        await using var store = await CreateAsync(python);
        await using var copy = (PostgresUnderTest)store.Another();
        var contents = await Contents.ReadAsync(store.Source);
        Assert.Equal(python ? 3 : 2, contents.Units.Count(u => u.Kind == UnitKind.Memory));
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source));
        foreach (var table in new[] { "store", "store_vectors", "store_migrations" })
        {
            var rows = $"SELECT string_agg(r::text, E'\n' ORDER BY r::text) FROM {{s}}.{table} r";
            Assert.Equal(await store.ScalarAsync<string>(rows), await copy.ScalarAsync<string>(rows));
        }
        var unit = contents.Units.First(u => u.Id.EndsWith("ann", StringComparison.Ordinal));
        // Replaced in place, items before the vectors that refer to them.
        await copy.ExecuteAsync("DELETE FROM {s}.store");
        Assert.Equal(0, await copy.ScalarAsync<long>("SELECT count(*) FROM {s}.store_vectors"));
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents.Only(unit), unit);
        Contents.AssertEqual(contents.Only(unit), await Contents.ReadAsync(copy.Source));
        // What keeps the rows right is there again.
        await copy.ExecuteAsync("UPDATE {s}.store SET value = '2'");
        if (!python) Assert.True(await copy.ScalarAsync<bool>("SELECT bool_and(updated_at > now() - interval '1 day') FROM {s}.store"));
    }

    [Fact]
    public async Task Namespaces_whose_rows_lie_mixed_come_one_by_one()
    {
        await using var store = await new PostgresUnderTest(fixture.Database).SetupAsync(changes: "CREATE TABLE {s}.store (prefix text NOT NULL, key text NOT NULL, value jsonb NOT NULL, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(), PRIMARY KEY (prefix, key))");
        await store.ExecuteAsync("INSERT INTO {s}.store (prefix, key, value) SELECT 'users.' || n % 3, n::text, to_jsonb(n) FROM generate_series(1, 300) n; ANALYZE {s}.store");
        await using var cut = await store.Source.CutAsync(default);
        var whole = await Contents.ReadAsync(cut);
        var named = new Contents();
        await cut.CaptureAsync(whole.Units.ToList(), named, default);
        Contents.AssertEqual(whole, named);
    }

    [Fact]
    public async Task Without_the_extension_the_target_refuses_and_holds_nothing()
    {
        await using var store = await CreateAsync(python: true);
        await using var elsewhere = await TestPostgres.CreateAsync();
        await using var target = new PostgresUnderTest(elsewhere, "agents");
        var error = await Assert.ThrowsAsync<BackupException>(async () => await target.Target.OpenAsync(await store.IntentAsync(), default));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains("vector", error.Message, StringComparison.Ordinal);
        Assert.Contains("CREATE EXTENSION", error.Hint, StringComparison.Ordinal);
        Assert.Equal(0, await elsewhere.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'agents'"));
        // Threads alone need no extension.
        var intent = await store.IntentAsync() with { WithMemory = false };
        await StoreUnderTest.RestoreAsync(target.Target, intent, new Contents());
        Assert.Equal(0, await target.ScalarAsync<long>("SELECT count(*) FROM {s}.checkpoints"));
    }

    [Fact]
    public async Task Memory_of_one_package_does_not_go_into_tables_of_the_other()
    {
        await using var python = await CreateAsync(python: true);
        await using var js = await CreateAsync(python: false);
        var error = await Assert.ThrowsAsync<BackupException>(async () => await js.Target.OpenAsync(await python.IntentAsync(), default));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains("prefix", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vectors_of_another_length_are_refused()
    {
        await using var store = await CreateAsync(python: true);
        await using var target = await CreateAsync(python: true, "DELETE FROM {s}.store", "ALTER TABLE {s}.store_vectors DROP COLUMN embedding, ADD embedding public.vector(4)");
        var error = await Assert.ThrowsAsync<BackupException>(async () => await target.Target.OpenAsync(await store.IntentAsync(), default));
        Assert.Contains("embedding", error.Message, StringComparison.Ordinal);
    }

    private Task<PostgresUnderTest> CreateAsync(bool python, params string[] changes) =>
        new PostgresUnderTest(fixture.Database).SetupAsync(python, [python ? Tables.PythonMemory : Tables.JsMemory, python ? PythonItems : JsItems, .. changes]);
}

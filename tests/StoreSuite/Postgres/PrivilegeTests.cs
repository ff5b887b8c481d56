using Backup.Checkpoints.Postgres;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;
using Npgsql;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>The privileges that docs/postgres.md names are enough; a role that does not see every row is refused.</summary>
public sealed class PrivilegeTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const string Row = """
        INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('t', 'c', '{"v": 4}');
        INSERT INTO {s}.store (prefix, key, value) VALUES ('users', 'k', '1');
        """;
    private readonly string role = $"backup_{Randomness.Token(8)}";

    public async ValueTask InitializeAsync() => await fixture.Database.ExecuteAsync($"CREATE ROLE {role} LOGIN");

    [Fact]
    public async Task A_backup_needs_to_select()
    {
        await using var owned = await CreateAsync();
        await owned.ExecuteAsync($"GRANT USAGE ON SCHEMA {{s}} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {{s}} TO {role}");
        await using var store = As(owned.Schema);
        Contents.AssertEqual(await Contents.ReadAsync(owned.Source), await Contents.ReadAsync(store));
        await using var seen = await store.InspectAsync(await owned.IntentAsync(), default);
        var error = await Assert.ThrowsAsync<BackupException>(async () => await StoreUnderTest.RestoreAsync(store, await owned.IntentAsync(), new Contents()));
        Assert.Equal(ErrorKind.Usage, error.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restore_in_place_needs_to_insert_and_delete(bool online)
    {
        await using var owned = await CreateAsync();
        await owned.ExecuteAsync($"GRANT USAGE ON SCHEMA {{s}} TO {role}; GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA {{s}} TO {role}");
        await using var store = As(owned.Schema);
        var contents = await Contents.ReadAsync(owned.Source);
        await StoreUnderTest.RestoreAsync(store, await owned.IntentAsync(online), contents, contents.Units.ToList());
        Contents.AssertEqual(contents, await Contents.ReadAsync(owned.Source));
    }

    [Theory]
    [InlineData("GRANT CREATE ON DATABASE {d} TO {r}")]
    [InlineData("CREATE SCHEMA {n}; GRANT USAGE, CREATE ON SCHEMA {n} TO {r}")]
    public async Task A_restore_into_nothing_needs_to_create(string grant)
    {
        await using var owned = await CreateAsync();
        var name = $"new_{Randomness.Token(8)}";
        var database = new NpgsqlConnectionStringBuilder(owned.ConnectionString).Database!;
        await owned.ExecuteAsync(grant.Replace("{d}", database, StringComparison.Ordinal).Replace("{r}", role, StringComparison.Ordinal).Replace("{n}", name, StringComparison.Ordinal));
        var contents = await Contents.ReadAsync(owned.Source);
        await using var store = As(name);
        await StoreUnderTest.RestoreAsync(store, await owned.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(store));
    }

    [Theory]
    [InlineData("GRANT SELECT ON ALL TABLES IN SCHEMA {s} TO {r}; GRANT USAGE ON SCHEMA {s} TO {r}; ALTER TABLE {s}.checkpoint_writes ENABLE ROW LEVEL SECURITY")]
    [InlineData("GRANT USAGE, CREATE ON SCHEMA {s} TO {r}; GRANT SELECT ON ALL TABLES IN SCHEMA {s} TO {r}; ALTER TABLE {s}.checkpoints OWNER TO {r}; ALTER TABLE {s}.checkpoints ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")]
    public async Task Rows_that_a_policy_hides_are_an_error(string change)
    {
        await using var owned = await CreateAsync();
        await owned.ExecuteAsync(change.Replace("{r}", role, StringComparison.Ordinal));
        await using var store = As(owned.Schema);
        var error = await Assert.ThrowsAsync<BackupException>(() => Contents.ReadAsync(store));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains("row-level security", error.Message, StringComparison.Ordinal);
        Assert.Contains("BYPASSRLS", error.Hint, StringComparison.Ordinal);
        await owned.ExecuteAsync($"ALTER ROLE {role} BYPASSRLS");
        Contents.AssertEqual(await Contents.ReadAsync(owned.Source), await Contents.ReadAsync(store));
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await fixture.Database.ExecuteAsync($"DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
    }

    private Task<PostgresUnderTest> CreateAsync() => new PostgresUnderTest(fixture.Database).SetupAsync(true, Tables.PythonMemory, Row);

    private PostgresStore As(string schema) => new(new()
    {
        Name = schema, ConnectionString = new NpgsqlConnectionStringBuilder(fixture.Database.ConnectionString) { Username = role }.ConnectionString, Schema = schema, Writable = true,
    });
}

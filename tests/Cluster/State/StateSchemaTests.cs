using Backup.Contracts;
using Backup.Hosting;
using Backup.Hosting.State;
using Backup.Tests.Cluster.Grains;
using Backup.Tests.Cluster.Support;
using Npgsql;

namespace Backup.Tests.Cluster.State;

public sealed class StateSchemaTests
{
    private static readonly string[] Keys =
    [
        "ClearStorageKey", "DeleteReminderRowKey", "DeleteReminderRowsKey", "DeleteStorageKey", "ReadFromStorageKey", "ReadRangeRows1Key",
        "ReadRangeRows2Key", "ReadReminderRowKey", "ReadReminderRowsKey", "UpsertReminderRowKey", "WriteToStorageKey",
    ];

    [Fact]
    public async Task Silos_that_start_together_on_an_empty_postgres_make_one_schema()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await ApplyTogetherAsync(() => StateDatabase.Postgres(database.ConnectionString));
    }

    [Fact]
    public async Task Silos_that_start_together_on_an_empty_folder_make_one_schema()
    {
        using var folder = new TestFolder();
        await ApplyTogetherAsync(() => StateDatabase.Sqlite(folder.Path));
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }

    [Fact]
    public async Task A_start_replaces_the_queries_of_another_version()
    {
        using var folder = new TestFolder();
        await using var state = StateDatabase.Sqlite(folder.Path);
        await StateSchema.ApplyAsync(state, default);
        await using (var spoil = state.Source.CreateCommand("UPDATE orleansquery SET querytext = 'of another version'")) await spoil.ExecuteNonQueryAsync();
        await StateSchema.ApplyAsync(state, default);
        await using var count = state.Source.CreateCommand("SELECT count(*) FROM orleansquery WHERE querytext = 'of another version'");
        Assert.Equal(0L, await count.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_role_without_rights_is_told_which()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        var role = "weak_" + Randomness.Token(8);
        await EmptyDatabase.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'weak'");
        try
        {
            var weak = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "weak", Pooling = false };
            await using var state = StateDatabase.Postgres(weak.ConnectionString);
            var error = await Assert.ThrowsAsync<BackupException>(() => StateSchema.ApplyAsync(state, default));
            Assert.Equal(ErrorKind.Usage, error.Kind);
            Assert.Contains("Backup:State:ConnectionString", error.Message);
            Assert.Contains("CREATE", error.Hint);
            Assert.DoesNotContain("'weak'", error.Message);
        }
        finally
        {
            await EmptyDatabase.ExecuteAsync($"DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        await using var state = StateDatabase.Postgres($"Host=127.0.0.1;Port={TestOptions.FreePort()};Username=u;Password=secret;Database=d");
        var error = await Assert.ThrowsAsync<BackupException>(() => StateSchema.ApplyAsync(state, default));
        Assert.Equal(ErrorKind.Unreachable, error.Kind);
        Assert.DoesNotContain("secret", error.ToString());
    }

    [Fact]
    public async Task State_outlives_the_silo_and_a_second_silo_on_its_folder_is_refused()
    {
        using var folder = new TestFolder();
        await using (var server = await TestServer.StartAsync(TestOptions.Localhost(new() { Folder = folder.Path })))
        {
            await server.Grains.GetGrain<INoteGrain>("single/one").Write("kept");
            var error = await Assert.ThrowsAsync<BackupException>(() => TestServer.StartAsync(TestOptions.Localhost(new() { Folder = folder.Path })));
            Assert.Equal(ErrorKind.Conflict, error.Kind);
            Assert.Contains("Backup:State:Folder", error.Message);
        }
        await using var next = await TestServer.StartAsync(TestOptions.Localhost(new() { Folder = folder.Path }));
        Assert.Equal("kept", await next.Grains.GetGrain<INoteGrain>("single/one").Read());
    }

    private static async Task ApplyTogetherAsync(Func<StateDatabase> open)
    {
        var databases = Enumerable.Range(0, 3).Select(_ => open()).ToList();
        await Task.WhenAll(databases.Select(d => Task.Run(() => StateSchema.ApplyAsync(d, default))));
        var keys = new List<string>();
        await using (var connection = await databases[0].Source.OpenConnectionAsync())
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT querykey FROM orleansquery ORDER BY querykey";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync()) keys.Add(reader.GetString(0));
        }
        foreach (var database in databases) await database.DisposeAsync();
        Assert.Equal(Keys, keys);
    }
}

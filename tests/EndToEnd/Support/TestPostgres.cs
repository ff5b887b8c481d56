using Backup.Contracts;
using Npgsql;

namespace Backup.Tests.EndToEnd.Support;

/// <summary>A database of its own on the server that tests/run.sh starts. A missing server is a failure.</summary>
public sealed class TestPostgres : IAsyncDisposable
{
    private readonly string name = $"test_{Randomness.Token(10)}";

    private static string Server => Environment.GetEnvironmentVariable("TEST_PG") is { Length: > 0 } value ? value
        : throw new InvalidOperationException("TEST_PG is not set: it must be an Npgsql connection string of a superuser. Run tests/run.sh, which starts the servers.");

    public string ConnectionString => Of("postgres");

    public static Task<TestPostgres> CreateAsync() => CreateAsync("");

    /// <summary>Another database with what this one holds.</summary>
    public Task<TestPostgres> CopyAsync() => CreateAsync($" TEMPLATE {name}");

    public string Of(string user) => new NpgsqlConnectionStringBuilder(Server) { Database = name, Username = user }.ConnectionString;

    public Task ExecuteAsync(string sql) => RunAsync(ConnectionString, sql);

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await RunAsync(Server, $"DROP DATABASE {name} WITH (FORCE)");
    }

    private static async Task<TestPostgres> CreateAsync(string like)
    {
        var database = new TestPostgres();
        await RunAsync(Server, $"CREATE DATABASE {database.name}{like}");
        return database;
    }

    private static async Task RunAsync(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 300; // dropping a database waits for every session of the server to notice
        await command.ExecuteNonQueryAsync();
    }
}

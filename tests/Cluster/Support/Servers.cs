using Npgsql;
using StackExchange.Redis;

namespace Backup.Tests.Cluster.Support;

/// <summary>The servers tests/run.sh starts. A server that is not there is a failure, not a reason to skip.</summary>
public static class Servers
{
    public static string Postgres => Required("TEST_PG", "an Npgsql connection string of a superuser");

    public static string Redis => Required("TEST_REDIS", "host:port");

    public static Uri S3 => new(Required("TEST_S3", "http://KEY:SECRET@host:port"));

    public static async Task<IDatabase> RedisDatabaseAsync() => (await ConnectionMultiplexer.ConnectAsync(Redis)).GetDatabase();

    private static string Required(string variable, string what) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{variable} is not set: it must be {what}. Run tests/run.sh, which starts the servers.");
}

/// <summary>An empty database of its own.</summary>
public sealed class EmptyDatabase : IAsyncDisposable
{
    private readonly string name;

    private EmptyDatabase(string name) => this.name = name;

    public string ConnectionString => new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = name }.ConnectionString;

    public static async Task<EmptyDatabase> CreateAsync()
    {
        var database = new EmptyDatabase($"cluster_{Contracts.Randomness.Token(10)}");
        await ExecuteAsync($"CREATE DATABASE {database.name}");
        return database;
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE {name} WITH (FORCE)");

    public static async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Servers.Postgres);
        await using var command = source.CreateCommand(sql);
        // Dropping a database waits for every session of the server to notice, and one that sends rows to a frozen process
        // notices only when the frozen process's successor has ended it.
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }
}

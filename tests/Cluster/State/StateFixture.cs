using Backup.Hosting.Configuration;
using Backup.Hosting.State;
using Backup.Tests.Cluster.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Backup.Tests.Cluster.State;

/// <summary>One silo on one dialect.</summary>
public abstract class StateFixture : IAsyncLifetime
{
    private TestServer? server;

    public TestServer Server => server ?? throw new InvalidOperationException("the silo did not start");

    public StateDatabase Database => Server.Services.GetRequiredService<StateDatabase>();

    public async ValueTask InitializeAsync() => server = await TestServer.StartAsync(TestOptions.Localhost(await StateAsync()));

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        await RemoveAsync();
    }

    public async Task<long> CountAsync(string sql, string parameter)
    {
        await using var command = Database.Source.CreateCommand(sql);
        var value = command.CreateParameter();
        (value.ParameterName, value.Value) = ("p", parameter);
        command.Parameters.Add(value);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    protected abstract Task<StateOptions> StateAsync();

    protected abstract ValueTask RemoveAsync();
}

public sealed class SqliteFixture : StateFixture
{
    private readonly TestFolder folder = new();

    protected override Task<StateOptions> StateAsync() => Task.FromResult(new StateOptions { Folder = folder.Path });

    protected override ValueTask RemoveAsync()
    {
        folder.Dispose();
        return default;
    }
}

public sealed class PostgresFixture : StateFixture
{
    private EmptyDatabase? database;

    protected override async Task<StateOptions> StateAsync() => new() { ConnectionString = (database = await EmptyDatabase.CreateAsync()).ConnectionString };

    protected override ValueTask RemoveAsync() => database?.DisposeAsync() ?? default;
}

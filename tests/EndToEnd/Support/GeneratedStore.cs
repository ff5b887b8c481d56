using Backup.Tests.EndToEnd.Support;

[assembly: AssemblyFixture(typeof(GeneratedStore))]

namespace Backup.Tests.EndToEnd.Support;

/// <summary>Five threads that real LangGraph wrote into the schema <c>agents</c>, written once; each test gets a copy.</summary>
public sealed class GeneratedStore : IAsyncLifetime
{
    private TestPostgres database = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        (await new LangGraph(database.ConnectionString).RunAsync("generate", "--schema", "agents", "--threads", "5")).Expect(0);
    }

    public Task<TestPostgres> CopyAsync() => database.CopyAsync();

    public ValueTask DisposeAsync() => database.DisposeAsync();
}

using Backup.Tests.EndToEnd.Support;
using Backup.Tests.StoreSuite.Support;

[assembly: AssemblyFixture(typeof(DatabaseFixture))]

namespace Backup.Tests.StoreSuite.Support;

/// <summary>One database for the suite, with a type <c>vector</c>: pgvector's where the server has the extension.</summary>
public sealed class DatabaseFixture : IAsyncLifetime
{
    public TestPostgres Database { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Database = await TestPostgres.CreateAsync();
        var real = await Database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')");
        await Database.ExecuteAsync(real ? "CREATE EXTENSION vector SCHEMA public" : Tables.VectorDouble);
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}

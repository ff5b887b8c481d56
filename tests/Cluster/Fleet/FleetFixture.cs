using Backup.Tests.Cluster.Security;
using Backup.Tests.Cluster.Support;

namespace Backup.Tests.Cluster.Fleet;

/// <summary>Three silos that find each other through Redis, keep their state in PostgreSQL and speak mutual TLS.</summary>
public sealed class FleetFixture : IAsyncLifetime
{
    private EmptyDatabase? database;

    public TestAuthority Authority { get; } = new();

    public string ClusterId { get; } = TestOptions.NewClusterId();

    public string Postgres => database!.ConnectionString;

    public IReadOnlyList<TestServer> Silos { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        database = await EmptyDatabase.CreateAsync();
        var tls = Authority.Silo();
        // Together, on an empty database and an empty membership table.
        Silos = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TestServer.StartAsync(TestOptions.Fleet(ClusterId, Postgres, tls))));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Silos) await silo.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
        Authority.Dispose();
    }
}

using Backup.Tests.Cluster.Memory;

[assembly: AssemblyFixture(typeof(ThreeSilos))]

namespace Backup.Tests.Cluster.Memory;

/// <summary>Three silos for tests that end none of them; each test has a store or threads of its own.</summary>
public sealed class ThreeSilos : IAsyncLifetime
{
    internal MemoryCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await MemoryCluster.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

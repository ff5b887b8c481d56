namespace Backup.Tests.StoreSuite.Support;

/// <summary>A Redis server of its own with the double in front.</summary>
public sealed class RedisDoubleFixture : IAsyncLifetime
{
    private static int databases;
    private RedisServer server = null!;
    private RedisDouble played = null!;

    /// <summary>A connection string of a database that nobody has used.</summary>
    internal string Database => $"{played.Address},defaultDatabase={Interlocked.Increment(ref databases)}";

    internal RedisServer Server => server;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartAsync("--databases", "5000", "--appendonly", "no");
        played = await RedisDouble.StartAsync(server.ConnectionString.Split(',')[0]);
    }

    public async ValueTask DisposeAsync()
    {
        played.Dispose();
        await server.DisposeAsync();
    }
}

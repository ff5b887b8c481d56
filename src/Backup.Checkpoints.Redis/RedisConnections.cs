using StackExchange.Redis;

namespace Backup.Checkpoints.Redis;

/// <summary>The one connection of a store, opened when it is first needed. Commands fail while it is down; none is kept for later.</summary>
internal sealed class RedisConnections(RedisStoreOptions options) : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private ConnectionMultiplexer? connection;

    /// <summary>The database of the store.</summary>
    public async Task<IDatabase> OpenAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            connection ??= await ConnectionMultiplexer.ConnectAsync(Parse(options.ConnectionString));
            return connection.GetDatabase();
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null) await connection.DisposeAsync();
        gate.Dispose();
    }

    private static ConfigurationOptions Parse(string text)
    {
        var parsed = ConfigurationOptions.Parse(text);
        parsed.ClientName ??= "backup.orleans";
        parsed.BacklogPolicy = BacklogPolicy.FailFast;
        parsed.AbortOnConnectFail = true;
        parsed.AllowAdmin = true; // the driver asks for it before INFO
        // One value may be hundreds of megabytes.
        if (!text.Contains("asyncTimeout", StringComparison.OrdinalIgnoreCase)) parsed.AsyncTimeout = 60_000;
        return parsed;
    }
}

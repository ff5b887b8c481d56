using Backup.Checkpoints.Postgres.Restore;
using Backup.Checkpoints.Stores;
using Npgsql;
using Npgsql.Replication;

namespace Backup.Checkpoints.Postgres;

/// <summary>Makes the connections of one store: readers that cannot write and fail where policies hide rows, and writers.</summary>
internal sealed class Connections : IAsyncDisposable
{
    private const string Common = "-c row_security=off -c statement_timeout=0 -c intervalstyle=postgres -c idle_in_transaction_session_timeout=0 -c timezone=UTC -c datestyle=ISO -c extra_float_digits=3 -c bytea_output=hex -c jit=off -c standard_conforming_strings=on";
    // Who waits for a lock says so instead of waiting for ever; the connection string may name another time.
    private const string Patience = "-c lock_timeout=10s";
    // The driver's 8 KiB would cost a system call and often a wait for every few rows.
    private const int BufferSize = 128 * 1024;
    private readonly PostgresStoreOptions store;
    private Lazy<NpgsqlDataSource> readers;
    private Lazy<NpgsqlDataSource> writers;
    private RunOwner? owner;
    private RunFence? fence;

    public Connections(PostgresStoreOptions store)
    {
        this.store = store;
        (readers, writers) = Pools();
    }

    /// <summary>Opens a connection on which nothing can be written.</summary>
    public Task<NpgsqlConnection> ReadAsync(CancellationToken cancellation) => OpenAsync(readers, cancellation);

    /// <summary>Opens a connection that can write.</summary>
    /// <exception cref="Contracts.OwnershipLostException">A later owner of the run has come.</exception>
    public async Task<NpgsqlConnection> WriteAsync(CancellationToken cancellation)
    {
        var connection = await OpenAsync(writers, cancellation);
        if (fence is null) return connection;
        try
        {
            await fence.EnsureAsync(connection, owner!, cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on these are the connections of a run's owner. Those of an earlier run of the same process are closed: it must be over.</summary>
    public async Task OwnAsync(RunOwner runOwner, CancellationToken cancellation)
    {
        await DisposeAsync();
        (readers, writers) = Pools();
        (owner, fence) = (runOwner, null);
        var connection = await WriteAsync(cancellation);
        try
        {
            fence = await RunFence.RaiseAsync(connection, runOwner, cancellation);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The server was away: connections that wait for their next use are not used again.</summary>
    public void Forget()
    {
        if (readers.IsValueCreated) readers.Value.Clear();
        if (writers.IsValueCreated) writers.Value.Clear();
    }

    /// <summary>Gives a connection back without the transaction and the locks it had; a pool keeps both until the next use.</summary>
    public static async ValueTask CloseAsync(NpgsqlConnection connection)
    {
        try
        {
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await using var command = new NpgsqlCommand("rollback; select pg_advisory_unlock_all()", connection);
                await command.ExecuteNonQueryAsync();
            }
            await connection.DisposeAsync();
        }
        catch (NpgsqlException)
        {
            // The connection is gone, and its transaction and locks with it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (fence is not null) await fence.DisposeAsync();
        if (readers.IsValueCreated) await readers.Value.DisposeAsync();
        if (writers.IsValueCreated) await writers.Value.DisposeAsync();
    }

    /// <summary>Opens a connection that speaks the replication protocol; its values are written as those of the other connections.</summary>
    /// <param name="name">How the server lists it.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<LogicalReplicationConnection> ReplicateAsync(string name, CancellationToken cancellation)
    {
        var settings = Settings(Common);
        settings.ApplicationName = name;
        var connection = new LogicalReplicationConnection(settings.ConnectionString);
        try
        {
            await connection.Open(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private Task<NpgsqlConnection> OpenAsync(Lazy<NpgsqlDataSource> source, CancellationToken cancellation) =>
        PostgresErrors.GuardAsync(store, async () => await source.Value.OpenConnectionAsync(cancellation));

    private (Lazy<NpgsqlDataSource> Readers, Lazy<NpgsqlDataSource> Writers) Pools() => (new(() => Build($"{Common} -c default_transaction_read_only=on")), new(() => Build(Common)));

    private NpgsqlDataSource Build(string options) => new NpgsqlDataSourceBuilder(Settings(options).ConnectionString) { Name = store.Name }.Build();

    private NpgsqlConnectionStringBuilder Settings(string options)
    {
        var settings = new NpgsqlConnectionStringBuilder(store.ConnectionString)
        {
            CommandTimeout = 0, TcpKeepAlive = true, Enlist = false, IncludeErrorDetail = true, MaxAutoPrepare = 0, ReadBufferSize = BufferSize, WriteBufferSize = BufferSize,
        };
        if (owner is not null) settings.ApplicationName = RunFence.NameOf(owner);
        else settings.ApplicationName ??= "backup.orleans";
        settings.Options = $"{Patience} {settings.Options} {options}";
        return settings;
    }
}

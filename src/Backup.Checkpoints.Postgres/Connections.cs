using Npgsql;

namespace Backup.Checkpoints.Postgres;

/// <summary>Makes the connections of one store: readers that cannot write and fail where policies hide rows, and writers.</summary>
internal sealed class Connections : IAsyncDisposable
{
    private const string Common = "-c row_security=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c timezone=UTC -c datestyle=ISO -c extra_float_digits=3 -c bytea_output=hex -c jit=off -c standard_conforming_strings=on";
    // The driver's 8 KiB would cost a system call and often a wait for every few rows.
    private const int BufferSize = 128 * 1024;
    private readonly PostgresStoreOptions store;
    private readonly Lazy<NpgsqlDataSource> readers;
    private readonly Lazy<NpgsqlDataSource> writers;

    public Connections(PostgresStoreOptions store)
    {
        this.store = store;
        readers = new(() => Build($"{Common} -c default_transaction_read_only=on"));
        writers = new(() => Build(Common));
    }

    /// <summary>Opens a connection on which nothing can be written.</summary>
    public Task<NpgsqlConnection> ReadAsync(CancellationToken cancellation) => OpenAsync(readers, cancellation);

    /// <summary>Opens a connection that can write.</summary>
    public Task<NpgsqlConnection> WriteAsync(CancellationToken cancellation) => OpenAsync(writers, cancellation);

    public async ValueTask DisposeAsync()
    {
        if (readers.IsValueCreated) await readers.Value.DisposeAsync();
        if (writers.IsValueCreated) await writers.Value.DisposeAsync();
    }

    private Task<NpgsqlConnection> OpenAsync(Lazy<NpgsqlDataSource> source, CancellationToken cancellation) =>
        PostgresErrors.GuardAsync(store, async () => await source.Value.OpenConnectionAsync(cancellation));

    private NpgsqlDataSource Build(string options)
    {
        var settings = new NpgsqlConnectionStringBuilder(store.ConnectionString)
        {
            CommandTimeout = 0, Enlist = false, IncludeErrorDetail = true, MaxAutoPrepare = 0, ReadBufferSize = BufferSize, WriteBufferSize = BufferSize,
        };
        settings.ApplicationName ??= "backup.orleans";
        settings.Options = settings.Options is { Length: > 0 } own ? $"{own} {options}" : options;
        return new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = store.Name }.Build();
    }
}

using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>Connections that see one cut: new ones on an exported snapshot, or the one connection of a transaction.</summary>
internal interface IReadScope : IAsyncDisposable
{
    Task<ReadLease> OpenAsync(CancellationToken cancellation);
}

/// <summary>A connection to read with; disposing gives it back.</summary>
internal sealed class ReadLease(NpgsqlConnection connection, Func<ValueTask> release) : IAsyncDisposable
{
    public NpgsqlConnection Connection { get; } = connection;

    public ValueTask DisposeAsync() => release();
}

using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>
/// A keeper transaction that exports its snapshot. Every reader has a connection of its own on that snapshot, and another process
/// may keep the same snapshot alive by joining it.
/// </summary>
internal sealed class SnapshotScope : IReadScope
{
    private readonly Func<CancellationToken, Task<NpgsqlConnection>> connect;
    private readonly NpgsqlConnection keeper;

    private SnapshotScope(Func<CancellationToken, Task<NpgsqlConnection>> connect, NpgsqlConnection keeper, string snapshot)
    {
        this.connect = connect;
        this.keeper = keeper;
        Snapshot = snapshot;
    }

    /// <summary>Name of the exported snapshot.</summary>
    public string Snapshot { get; }

    /// <summary>The keeper's own connection, for describing the cut.</summary>
    public NpgsqlConnection Keeper => keeper;

    /// <summary>Takes a snapshot, or joins one that is held elsewhere, and exports it.</summary>
    public static async Task<SnapshotScope> OpenAsync(Func<CancellationToken, Task<NpgsqlConnection>> connect, string? join, CancellationToken cancellation)
    {
        var keeper = await connect(cancellation);
        try
        {
            await BeginAsync(keeper, join, cancellation);
            await using var export = new NpgsqlCommand("select pg_export_snapshot()", keeper);
            return new(connect, keeper, (string)(await export.ExecuteScalarAsync(cancellation))!);
        }
        catch
        {
            await keeper.DisposeAsync();
            throw;
        }
    }

    public async Task<ReadLease> OpenAsync(CancellationToken cancellation)
    {
        var connection = await connect(cancellation);
        try
        {
            await BeginAsync(connection, Snapshot, cancellation);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        return new(connection, () => Connections.CloseAsync(connection));
    }

    public ValueTask DisposeAsync() => Connections.CloseAsync(keeper);

    private static async Task BeginAsync(NpgsqlConnection connection, string? snapshot, CancellationToken cancellation)
    {
        // Index order instead of sorts: the rows are wide, and the indexes have them in order.
        await ExecuteAsync(connection, "begin isolation level repeatable read read only", cancellation);
        if (snapshot is not null)
        {
            try
            {
                await ExecuteAsync(connection, $"set transaction snapshot {Sql.Text(snapshot)}", cancellation);
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InvalidParameterValue or PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.ObjectNotInPrerequisiteState)
            {
                throw new CutLostException(snapshot, error);
            }
        }
        await ExecuteAsync(connection, "set local enable_sort = off; set local enable_incremental_sort = off; set local enable_hashagg = off; set local cursor_tuple_fraction = 1", cancellation);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

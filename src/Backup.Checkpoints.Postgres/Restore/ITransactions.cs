using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>When a loader begins and commits: by itself, or never because the session does.</summary>
internal interface ITransactions
{
    Task BeginAsync(CancellationToken cancellation);

    Task CommitAsync(CancellationToken cancellation);
}

/// <summary>A loader with a connection of its own commits whole units.</summary>
internal sealed class OwnTransactions(NpgsqlConnection connection) : ITransactions
{
    private bool open;

    public async Task BeginAsync(CancellationToken cancellation)
    {
        if (open) return;
        await SessionOpening.ExecuteAsync(connection, "begin", cancellation);
        open = true;
    }

    public async Task CommitAsync(CancellationToken cancellation)
    {
        if (!open) return;
        await SessionOpening.ExecuteAsync(connection, "commit", cancellation);
        open = false;
    }
}

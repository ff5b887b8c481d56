using Backup.Checkpoints.Postgres.Log;
using Backup.Contracts;
using Npgsql;
using Npgsql.Replication;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>
/// The snapshot of a temporary replication slot: it has every commit below the slot's consistent point and none at or above it. It
/// can be imported until this is disposed, which takes the slot away.
/// </summary>
internal sealed class ExactSnapshot : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);
    private readonly LogicalReplicationConnection connection;

    private ExactSnapshot(LogicalReplicationConnection connection, CutToken token) => (this.connection, Token) = (connection, token);

    /// <summary>To join the cut by.</summary>
    public CutToken Token { get; }

    /// <exception cref="BackupException">Usage: the server or the role does not allow it. Conflict: a write transaction does not end.</exception>
    public static Task<ExactSnapshot> TakeAsync(PostgresStoreOptions store, Connections connections, TimeProvider time, CancellationToken cancellation) =>
        ReplicationErrors.GuardAsync(store, async () =>
        {
            await using var ordinary = await connections.ReadAsync(cancellation);
            await ReplicationErrors.CheckServerAsync(store, ordinary, cancellation);
            var replication = await connections.ReplicateAsync("backup.orleans cut", cancellation);
            try
            {
                var slot = await replication.CreatePgOutputReplicationSlot($"backup_cut_{Randomness.Token(20)}", temporarySlot: true, LogicalSlotSnapshotInitMode.Export, cancellationToken: cancellation);
                var token = new CutToken(slot.SnapshotName!, slot.ConsistentPoint.ToString(), Exact: true);
                await SettleAsync(store, ordinary, token.Snapshot, time, cancellation);
                return new ExactSnapshot(replication, token);
            }
            catch
            {
                await replication.DisposeAsync();
                throw;
            }
        });

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    // The slot learns of a commit from the log, where it stands a moment before the server's other books have it. A row looked at in that
    // moment would be taken for one of a transaction that was undone.
    private static async Task SettleAsync(PostgresStoreOptions store, NpgsqlConnection connection, string snapshot, TimeProvider time, CancellationToken cancellation)
    {
        string seen;
        await using (var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation))
        {
            await using (var import = new NpgsqlCommand($"set transaction snapshot {Sql.Text(snapshot)}", connection)) await import.ExecuteNonQueryAsync(cancellation);
            await using var ask = new NpgsqlCommand($"select pg_snapshot_xmin(pg_current_snapshot())::text || ':' || ({CutReader.Xmax})::text || ':' || coalesce((select string_agg(x::text, ',' order by x) from pg_snapshot_xip(pg_current_snapshot()) x where x < ({CutReader.Xmax})), '')", connection);
            seen = (string)(await ask.ExecuteScalarAsync(cancellation))!;
        }
        var started = time.GetTimestamp();
        await using var ending = new NpgsqlCommand("select exists(select from pg_snapshot_xip(pg_current_snapshot()) x where pg_visible_in_snapshot(x, $1::pg_snapshot))", connection) { Parameters = { new() { Value = seen } } };
        while ((bool)(await ending.ExecuteScalarAsync(cancellation))!)
        {
            if (time.GetElapsedTime(started) > Patience)
                throw new BackupException(ErrorKind.Conflict, $"a transaction of '{store.Name}' has committed and does not come to its end", "Perhaps it waits for a synchronous standby: see pg_stat_replication, then try again.");
            await Task.Delay(LookEvery, time, cancellation);
        }
    }
}

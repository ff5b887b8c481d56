using Backup.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>A feed's slot as the server lists it: the place up to which the log may be forgotten.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Confirmed">Everything below was acknowledged.</param>
/// <param name="Lost">True when the server no longer has the log it stands for.</param>
/// <param name="Reader">Process of the server that reads it for somebody, or null.</param>
internal sealed record Slot(string Name, ulong Confirmed, bool Lost, int? Reader)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks for it; null when it is not there.</summary>
    /// <exception cref="BackupException">Usage: a slot of that name is not ours.</exception>
    public static async Task<Slot?> FindAsync(PostgresStoreOptions store, NpgsqlConnection connection, string name, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("""
            select coalesce(plugin, '') = 'pgoutput' and database = current_database() and not temporary, confirmed_flush_lsn, coalesce(wal_status = 'lost', false) or restart_lsn is null, active_pid
            from pg_catalog.pg_replication_slots where slot_name = $1
            """, connection) { Parameters = { new() { Value = name } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        if (reader.IsDBNull(0) || !reader.GetBoolean(0))
            throw new BackupException(ErrorKind.Usage, $"the server of '{store.Name}' has a slot {name} that is of another database, for another plugin or temporary", "Drop it if nobody needs it (pg_drop_replication_slot), or choose another name.");
        var lost = reader.GetBoolean(2) || reader.IsDBNull(1);
        return new(name, reader.IsDBNull(1) ? 0 : (ulong)reader.GetFieldValue<NpgsqlLogSequenceNumber>(1), lost, reader.IsDBNull(3) ? null : reader.GetInt32(3));
    }

    /// <summary>Ends who reads the slot, and waits until nobody does. So an owner that vanished or is frozen is replaced.</summary>
    /// <exception cref="BackupException">Usage: the role may not. Unreachable: it does not end.</exception>
    public static async Task FreeAsync(PostgresStoreOptions store, NpgsqlConnection connection, string name, TimeProvider time, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while (await FindAsync(store, connection, name, cancellation) is { Reader: { } reader })
        {
            if (time.GetElapsedTime(started) > Patience)
                throw new BackupException(ErrorKind.Unreachable, $"process {reader} reads slot {name} on the server of '{store.Name}' and does not end", "Try again; if it stays, end it on the server.");
            try
            {
                await using var command = new NpgsqlCommand("select pg_catalog.pg_terminate_backend($1)", connection) { Parameters = { new() { Value = reader } } };
                await command.ExecuteNonQueryAsync(cancellation);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                throw new BackupException(ErrorKind.Usage, $"another role's process {reader} reads slot {name} on the server of '{store.Name}', and this role may not end it", "GRANT pg_signal_backend TO role; or end that process.", error);
            }
            await Task.Delay(LookEvery, time, cancellation);
        }
    }

    /// <summary>What a reader is told whose connection ended because another took the slot; null when none has. Who takes it connects before it ends the one that has it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="connection">An ordinary connection.</param>
    /// <param name="name">Name of slot and feed.</param>
    /// <param name="process">The reader's process of the server.</param>
    /// <param name="error">How it ended.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task<BackupException?> TakenAsync(PostgresStoreOptions store, NpgsqlConnection connection, string name, int process, Exception error, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select exists(select from pg_catalog.pg_stat_activity where datname = current_database() and backend_type = 'walsender' and application_name = $1 and pid <> $2)", connection)
        {
            Parameters = { new() { Value = name }, new() { Value = process } },
        };
        return (bool)(await command.ExecuteScalarAsync(cancellation))! ? new(ErrorKind.Conflict, $"another process has taken the feed {name} of '{store.Name}'", "It goes on there.", error) : null;
    }

    /// <summary>Drops it where it is there and nobody reads it.</summary>
    public static async Task DropAsync(NpgsqlConnection connection, string name, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select pg_catalog.pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots where slot_name = $1 and not active", connection) { Parameters = { new() { Value = name } } };
        try
        {
            await command.ExecuteNonQueryAsync(cancellation);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UndefinedObject)
        {
            // Somebody else did, between the look and the call.
        }
    }
}

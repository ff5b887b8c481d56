using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>Errors of slots and of the replication protocol, with what an administrator has to do.</summary>
internal static class ReplicationErrors
{
    /// <summary>Runs <paramref name="work"/> with its errors translated.</summary>
    public static async Task<T> GuardAsync<T>(PostgresStoreOptions store, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (Translate(store, error) is { } known)
        {
            throw known;
        }
    }

    /// <summary>The error a user gets, or null when there is nothing to translate.</summary>
    public static BackupException? Translate(PostgresStoreOptions store, Exception error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } privilege => new(ErrorKind.Usage,
            $"the role may not read the log of '{store.Name}': {privilege.MessageText}", "ALTER ROLE role REPLICATION; (where a provider has a role for it, GRANT that role).", error),
        PostgresException { SqlState: PostgresErrorCodes.ConfigurationLimitExceeded or PostgresErrorCodes.TooManyConnections } limit => new(ErrorKind.Usage,
            $"the server of '{store.Name}' has no room for another reader of its log: {limit.MessageText}",
            "Raise max_replication_slots and max_wal_senders and restart the server, or drop slots nobody uses (pg_replication_slots).", error),
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } wait => new(ErrorKind.Conflict,
            $"a transaction that writes on the server of '{store.Name}' does not end, and a slot begins only when all that were open have ended: {wait.MessageText}",
            "pg_stat_activity and pg_prepared_xacts show whose it is. Let it end, or allow more time with 'Options=-c lock_timeout=10min' in the ConnectionString, then try again.", error),
        PostgresException { SqlState: PostgresErrorCodes.ObjectNotInPrerequisiteState } state => new(ErrorKind.Usage, $"the log of '{store.Name}' cannot be read: {state.MessageText}",
            "The server needs wal_level = logical and slots that it has not invalidated.", error),
        _ => PostgresErrors.Translate(store, error),
    };

    /// <exception cref="BackupException">Usage: the server does not write what logical decoding needs, or is a standby.</exception>
    public static async Task CheckServerAsync(PostgresStoreOptions store, NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select current_setting('wal_level'), pg_is_in_recovery()", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        if (reader.GetBoolean(1))
            throw new BackupException(ErrorKind.Usage, $"the server of '{store.Name}' is a standby", "Name the primary server in its ConnectionString.");
        if (reader.GetString(0) != "logical")
            throw new BackupException(ErrorKind.Usage, $"the server of '{store.Name}' has wal_level = {reader.GetString(0)}, and its log is read only with wal_level = logical",
                "ALTER SYSTEM SET wal_level = logical; then restart the server.");
    }
}

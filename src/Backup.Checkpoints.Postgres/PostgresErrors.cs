using System.Net.Sockets;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres;

/// <summary>Turns what the driver throws into errors an operator can act on.</summary>
internal static class PostgresErrors
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

    /// <summary>Runs <paramref name="work"/> with its errors translated.</summary>
    public static Task GuardAsync(PostgresStoreOptions store, Func<Task> work) => GuardAsync(store, async () =>
    {
        await work();
        return true;
    });

    /// <summary>The error a user gets, or null when there is nothing to translate.</summary>
    public static BackupException? Translate(PostgresStoreOptions store, Exception error) => error switch
    {
        BackupException => null,
        PostgresException postgres => Translate(store, postgres),
        NpgsqlException { InnerException: SocketException or TimeoutException or IOException or EndOfStreamException } or TimeoutException or SocketException =>
            Unreachable(store, error.InnerException?.Message ?? error.Message, error),
        NpgsqlException npgsql => Unreachable(store, npgsql.Message, error),
        ArgumentException { ParamName: not null } argument => new(ErrorKind.Usage, $"the connection string of '{store.Name}' is not valid: {argument.Message}", "Correct its ConnectionString.", error),
        _ => null,
    };

    private static BackupException Translate(PostgresStoreOptions store, PostgresException error) => error.SqlState switch
    {
        _ when error.MessageText.Contains("row-level security", StringComparison.Ordinal) => new(ErrorKind.Usage,
            $"row-level security hides rows of '{store.Name}' from this role: {error.MessageText}",
            "Nothing was captured as deleted. Use the tables' owner, or a role with BYPASSRLS (ALTER ROLE … BYPASSRLS).", error),
        PostgresErrorCodes.InsufficientPrivilege => new(ErrorKind.Usage, $"a privilege is missing on '{store.Name}': {error.MessageText}",
            $"For backups: GRANT USAGE ON SCHEMA {Sql.Name(store.Schema)} TO role; GRANT SELECT ON ALL TABLES IN SCHEMA {Sql.Name(store.Schema)} TO role. Restores need to own the tables, or CREATE on the schema.", error),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => new(ErrorKind.Usage, $"'{store.Name}' refuses the login: {error.MessageText}",
            "Correct user and password in its ConnectionString.", error),
        PostgresErrorCodes.InvalidCatalogName => new(ErrorKind.NotFound, $"'{store.Name}': {error.MessageText}", "Correct the database in its ConnectionString.", error),
        PostgresErrorCodes.LockNotAvailable => new(ErrorKind.Conflict, $"another session holds a lock on the tables of '{store.Name}': {error.MessageText}",
            "What was not committed was undone. pg_stat_activity shows who it is; let it end (or restore with --online), then run the same command again.", error),
        PostgresErrorCodes.ProgramLimitExceeded => new(ErrorKind.Usage, $"'{store.Name}' cannot hold an id: {error.MessageText}", "PostgreSQL's indexes take ids of up to about 2,700 bytes. What was not committed was undone.", error),
        PostgresErrorCodes.UniqueViolation => new(ErrorKind.Conflict, $"another session wrote into '{store.Name}' while it was restored: {error.MessageText} {error.Detail}",
            "The thread in question was not changed. Run the restore again; it goes on where it stopped.", error),
        PostgresErrorCodes.DiskFull => new(ErrorKind.Failed, $"'{store.Name}' has no space left: {error.MessageText}", "Free space on the server, then run the same command again.", error),
        PostgresErrorCodes.ReadOnlySqlTransaction => new(ErrorKind.Usage, $"'{store.Name}' is read-only: {error.MessageText}", "Name the primary server in its ConnectionString.", error),
        "40001" or "40P01" => new(ErrorKind.Unreachable, $"'{store.Name}' gave up the transaction: {error.MessageText}", "Run the same command again.", error),
        { } state when state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal) =>
            Unreachable(store, error.MessageText, error),
        _ => new(ErrorKind.Failed, $"'{store.Name}' reports {error.SqlState}: {error.MessageText}{(error.Detail is { } detail ? $" ({detail})" : "")}",
            error.Where is { } where ? $"It happened at: {where}" : null, error),
    };

    private static BackupException Unreachable(PostgresStoreOptions store, string why, Exception error) =>
        new(ErrorKind.Unreachable, $"cannot reach the PostgreSQL server of '{store.Name}': {why}", "Check that the server runs and accepts connections from here, then run the same command again.", error);
}

using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Backup.Hosting.State;

/// <summary>
/// Makes the tables and writes the queries, in one transaction under a lock: silos that start together on an empty
/// database wait for the first. Every statement can be repeated, so each start brings the queries up to date.
/// </summary>
public static class StateSchema
{
    private const long LockId = 0x6261636B7570; // "backup": any number, the same in every silo

    /// <summary>Brings the database to what this version needs.</summary>
    /// <exception cref="Backup.Contracts.BackupException">The database cannot be reached or does not let us.</exception>
    public static async Task ApplyAsync(StateDatabase database, CancellationToken cancellation)
    {
        try
        {
            if (!database.IsPostgres) Directory.CreateDirectory(Path.GetDirectoryName(database.Place)!);
            await using var connection = await database.Source.OpenConnectionAsync(cancellation);
            await using var transaction = await BeginAsync(connection, cancellation);
            if (database.Schema is { } schema) await EnsureSchemaAsync(connection, transaction, schema, cancellation);
            await ExecuteAsync(connection, transaction, StateScripts.Schema(database.Dialect), cancellation);
            foreach (var (key, text) in StateScripts.Queries(database.Dialect))
                await ExecuteAsync(connection, transaction,
                    "INSERT INTO orleansquery (querykey, querytext) VALUES (@key, @text) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext",
                    cancellation, ("key", key), ("text", text));
            await transaction.CommitAsync(cancellation);
        }
        catch (Exception error) when (error is DbException or IOException or UnauthorizedAccessException)
        {
            throw StateErrors.Translate(error, database);
        }
    }

    private static async Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellation)
    {
        if (connection is SqliteConnection sqlite)
        {
            // The journal's mode is kept in the file. Readers and the writer do not wait for each other.
            await ExecuteAsync(sqlite, null, "PRAGMA journal_mode = WAL", cancellation);
            return sqlite.BeginTransaction(deferred: false);
        }
        var transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, transaction, $"SELECT pg_advisory_xact_lock({LockId})", cancellation);
        return transaction;
    }

    // IF NOT EXISTS would ask for the right to create even where the schema is there, made by an administrator.
    private static async Task EnsureSchemaAsync(DbConnection connection, DbTransaction transaction, string schema, CancellationToken cancellation)
    {
        await using var command = Command(connection, transaction, "SELECT count(*) FROM pg_namespace WHERE nspname = @name", ("name", schema));
        if ((long)(await command.ExecuteScalarAsync(cancellation))! > 0) return;
        await ExecuteAsync(connection, transaction, $"CREATE SCHEMA \"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", cancellation);
    }

    private static async Task ExecuteAsync(
        DbConnection connection, DbTransaction? transaction, string sql, CancellationToken cancellation, params (string Name, string Value)[] parameters)
    {
        await using var command = Command(connection, transaction, sql, parameters);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, params (string Name, string Value)[] parameters)
    {
        var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }
        return command;
    }
}

using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>Prepares a target: makes what is missing and decides how it is written.</summary>
internal static class SessionOpening
{
    public static async Task<ITargetSession> OpenAsync(PostgresStoreOptions target, Connections connections, TargetIntent intent, CancellationToken cancellation)
    {
        var captured = CapturedLayout.Of(intent);
        var connection = await connections.WriteAsync(cancellation);
        try
        {
            await KeepOthersOutAsync(connection, target, cancellation);
            var existing = (await LayoutReader.ReadAsync(connection, target, cancellation))?.Layout ?? new() { Schema = target.Schema, Tables = [] };
            TargetRules.Check(target, captured, existing, intent.Generation);
            var missing = captured.Tables.Where(t => existing.Table(t.Name) is null).ToList();
            var layout = TargetRules.View(existing with { Tables = [.. existing.Tables.Select(t => Finished(t, captured)), .. missing] }, captured);
            var dropped = DroppedLayout.Of(captured, existing);
            if (!existing.Tables.Any(t => !TableNames.IsMigrations(t.Name)))
            {
                await CreateAsync(connection, target, missing, withKeys: false, cancellation);
                return new FreshSession(target, connections, connection, layout, captured, missing, dropped);
            }
            await CreateAsync(connection, target, missing, withKeys: true, cancellation);
            await FinishHalfRestoreAsync(connection, target, captured, existing, cancellation);
            if (!intent.Online) return await LockedSession.OpenAsync(target, connection, layout, captured, dropped, cancellation);
            return new OnlineSession(target, connections, connection, layout, captured, dropped);
        }
        catch
        {
            await Connections.CloseAsync(connection);
            throw;
        }
    }

    // Held until the connection closes, on whichever machine another restore runs. It waits for the server to notice that a process has died.
    private static async Task KeepOthersOutAsync(NpgsqlConnection connection, PostgresStoreOptions target, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select pg_advisory_lock(hashtextextended($1, 0))", connection) { Parameters = { new() { Value = $"backup.orleans restore {target.Schema}" } } };
        try
        {
            await command.ExecuteNonQueryAsync(cancellation);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new BackupException(ErrorKind.Conflict, $"another restore into schema {target.Schema} of '{target.Name}' is running", "Nothing was changed. Wait for it to end, then run this one again.", error);
        }
    }

    private static async Task CreateAsync(NpgsqlConnection connection, PostgresStoreOptions target, List<TableLayout> tables, bool withKeys, CancellationToken cancellation)
    {
        if (tables.Count == 0) return;
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (!await ExistsAsync(connection, target.Schema, cancellation))
            await ExecuteAsync(connection, $"CREATE SCHEMA {Sql.Name(target.Schema)}", cancellation);
        foreach (var table in tables)
        {
            try
            {
                await ExecuteAsync(connection, Ddl.CreateTable(target.Schema, table), cancellation);
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedFunction
                or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject)
            {
                throw new BackupException(ErrorKind.Usage, $"'{target.Name}' cannot hold table {target.Schema}.{table.Name}: {error.MessageText}",
                    "Nothing was changed. Make what it needs first (a missing type of an extension: CREATE EXTENSION vector), or restore threads only (--threads-file).", error);
            }
            if (withKeys) foreach (var statement in Ddl.Keys(target.Schema, table).Concat(Ddl.Relations(target.Schema, table))) await ExecuteAsync(connection, statement, cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    // What FinishHalfRestoreAsync makes of a table.
    private static TableLayout Finished(TableLayout table, StoreLayout captured) => table.PrimaryKey.Count > 0 || captured.Table(table.Name) is not { } known ? table
        : table with { PrimaryKey = known.PrimaryKey, Indexes = [.. table.Indexes.UnionBy(known.Indexes, i => i.Name)] };

    // Tables that have no key yet are those of a restore of ours that did not get to its end: they get their keys, and are then compared like any other.
    private static async Task FinishHalfRestoreAsync(NpgsqlConnection connection, PostgresStoreOptions target, StoreLayout captured, StoreLayout existing, CancellationToken cancellation)
    {
        var half = captured.Tables.Where(t => t.PrimaryKey.Count > 0 && existing.Table(t.Name) is { PrimaryKey.Count: 0 }).ToList();
        foreach (var statement in half.SelectMany(t => Ddl.Keys(target.Schema, t).Where(k => !existing.Table(t.Name)!.Indexes.Any(i => k.Contains($"INDEX {Sql.Name(i.Name)} ", StringComparison.Ordinal)))))
            await ExecuteAsync(connection, statement, cancellation);
        foreach (var statement in half.SelectMany(t => Ddl.Relations(target.Schema, t)))
            await ExecuteAsync(connection, statement, cancellation);
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string schema, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select exists(select from pg_catalog.pg_namespace where nspname = $1)", connection) { Parameters = { new() { Value = schema } } };
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

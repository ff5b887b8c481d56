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
            var existing = (await LayoutReader.ReadAsync(connection, target, cancellation))?.Layout ?? new() { Schema = target.Schema, Tables = [] };
            TargetRules.Check(target, captured, existing, intent);
            var missing = captured.Tables.Where(t => existing.Table(t.Name) is null).ToList();
            var layout = existing with { Tables = [.. existing.Tables, .. missing] };
            if (!existing.Tables.Any(t => !TableNames.IsMigrations(t.Name)))
            {
                await CreateAsync(connection, target, missing, withKeys: false, cancellation);
                await connection.DisposeAsync();
                return new FreshSession(target, connections, layout, captured, missing);
            }
            await CreateAsync(connection, target, missing, withKeys: true, cancellation);
            await FinishHalfRestoreAsync(connection, target, captured, existing, cancellation);
            if (!intent.Online) return await LockedSession.OpenAsync(target, connection, layout, captured, cancellation);
            await connection.DisposeAsync();
            return new OnlineSession(target, connections, layout, captured);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
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
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UndefinedObject)
            {
                throw new BackupException(ErrorKind.Usage, $"'{target.Name}' cannot hold table {table.Name}: {error.MessageText}",
                    "Nothing was changed. Install the extension the type belongs to (CREATE EXTENSION vector), or restore threads only (--threads-file).", error);
            }
            if (withKeys) foreach (var statement in Ddl.Keys(target.Schema, table).Concat(Ddl.Relations(target.Schema, table))) await ExecuteAsync(connection, statement, cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

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

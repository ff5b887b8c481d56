using System.Globalization;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>What a source is: server, database, tables. What a role may not ask is left out, not guessed.</summary>
internal static class SourceIdentity
{
    // The control file tells of the last checkpoint, which a server that was just promoted has yet to make; a standby writes no log of its own.
    private const string Timeline = """
        select case when pg_is_in_recovery() then (select timeline_id::text from pg_catalog.pg_control_checkpoint())
          else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int::text end
        """;

    private static readonly (string Name, string Query)[] Facts =
    [
        ("database", "select current_database()::text"),
        ("databaseOid", "select oid::text from pg_catalog.pg_database where datname = current_database()"),
        ("serverVersion", "select current_setting('server_version')"),
        ("systemIdentifier", "select system_identifier::text from pg_catalog.pg_control_system()"),
        ("timeline", Timeline),
        ("collation", "select datcollate from pg_catalog.pg_database where datname = current_database()"),
    ];

    /// <summary>Reads it inside the connection's transaction.</summary>
    public static async Task<SortedDictionary<string, string>> ReadAsync(NpgsqlConnection connection, string schema, IReadOnlyDictionary<string, uint> tables, CancellationToken cancellation)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["schema"] = schema };
        foreach (var (name, id) in tables) identity[$"table:{name}"] = id.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, query) in Facts)
            if (await TryAsync(connection, query, cancellation) is { } value) identity[name] = value;
        if (await PartitionsAsync(connection, tables.Values, cancellation) is { } partitions) identity["partitions"] = partitions;
        return identity;
    }

    /// <summary>The text a query gives; null when it gives none, or when the role may not ask.</summary>
    public static async Task<string?> TryAsync(NpgsqlConnection connection, string query, CancellationToken cancellation)
    {
        await ExecuteAsync(connection, "savepoint fact", cancellation);
        try
        {
            await using var command = new NpgsqlCommand(query, connection);
            var value = await command.ExecuteScalarAsync(cancellation) as string;
            await ExecuteAsync(connection, "release savepoint fact", cancellation);
            return value;
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedFunction)
        {
            await ExecuteAsync(connection, "rollback to savepoint fact", cancellation);
            return null;
        }
    }

    // A partition that is attached brings rows that are older than it is here.
    private static async Task<string?> PartitionsAsync(NpgsqlConnection connection, IEnumerable<uint> tables, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select string_agg(p.relid::oid::text, ',' order by p.relid::oid) from unnest($1) t, pg_catalog.pg_partition_tree(t) p where p.level > 0", connection)
        {
            Parameters = { new() { Value = tables.ToArray(), DataTypeName = "oid[]" } },
        };
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

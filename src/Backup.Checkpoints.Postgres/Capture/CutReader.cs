using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>Describes a cut: time, position, and what the source is. What a role may not ask is left out, not guessed.</summary>
internal static class CutReader
{
    private static readonly (string Name, string Query)[] Facts =
    [
        ("database", "select current_database()::text"),
        ("databaseOid", "select oid::text from pg_catalog.pg_database where datname = current_database()"),
        ("serverVersion", "select current_setting('server_version')"),
        ("systemIdentifier", "select system_identifier::text from pg_catalog.pg_control_system()"),
        ("timeline", "select timeline_id::text from pg_catalog.pg_control_checkpoint()"),
        ("snapshotXmin", "select pg_snapshot_xmin(pg_current_snapshot())::text"),
        ("snapshotXmax", "select pg_snapshot_xmax(pg_current_snapshot())::text"),
        ("collation", "select datcollate from pg_catalog.pg_database where datname = current_database()"),
        ("position", "select (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)::text"),
    ];

    public static async Task<CutDescription> DescribeAsync(NpgsqlConnection connection, StoreLayout layout, IReadOnlyDictionary<string, uint> tables, string token, CancellationToken cancellation)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["schema"] = layout.Schema };
        foreach (var (name, id) in tables) identity[$"table:{name}"] = id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (name, query) in Facts)
            if (await TryAsync(connection, query, cancellation) is { } value) identity[name] = value;
        identity.Remove("position", out var position);
        if (await PartitionsAsync(connection, tables.Values, cancellation) is { } partitions) identity["partitions"] = partitions;
        await using var time = new NpgsqlCommand("select now()", connection);
        await using var estimate = new NpgsqlCommand("""
            select coalesce((select case when s.n_distinct < 0 then -s.n_distinct * greatest(c.reltuples, 0) else s.n_distinct end
              from pg_catalog.pg_stats s join pg_catalog.pg_class c on c.oid = $2 where s.schemaname = $1 and s.tablename = 'checkpoints' and s.attname = 'thread_id'), 0)::bigint
            """, connection) { Parameters = { new() { Value = layout.Schema }, new() { Value = tables[TableNames.Checkpoints], DataTypeName = "oid" } } };
        return new()
        {
            Token = token, Time = new DateTimeOffset((DateTime)(await time.ExecuteScalarAsync(cancellation))!).ToUniversalTime(), Position = position,
            Identity = identity, Layout = layout.Encode(), Warnings = layout.Notes, UnitsEstimate = (long)(await estimate.ExecuteScalarAsync(cancellation))!,
        };
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

    private static async Task<string?> TryAsync(NpgsqlConnection connection, string query, CancellationToken cancellation)
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

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

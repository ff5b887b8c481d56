using Npgsql;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>Reads one table's columns, keys, indexes and triggers from the catalog.</summary>
internal static class TableReader
{
    private const string ColumnsQuery = """
        select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '', a.attidentity <> '',
          (with recursive b(t) as (select a.atttypid union all select t.typbasetype from b join pg_catalog.pg_type t on t.oid = b.t where t.typtype = 'd')
            select pg_catalog.format_type(b.t, null) from b join pg_catalog.pg_type t on t.oid = b.t where t.typtype <> 'd' and b.t <> a.atttypid),
          a.attcollation, coalesce(not l.collisdeterministic, false)
        from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          left join pg_catalog.pg_collation l on l.oid = a.attcollation
        where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum
        """;

    private const string IndexesQuery = """
        select i.indisprimary, i.indisunique, c.relname, pg_catalog.pg_get_indexdef(i.indexrelid),
          array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k(n, o) join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.o)
        from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where i.indrelid = $1 and i.indisvalid order by c.relname
        """;

    /// <summary>Reads what the catalog says; no row of the table.</summary>
    public static async Task<TableLayout> ReadAsync(NpgsqlConnection connection, uint id, string name, CancellationToken cancellation)
    {
        List<ColumnLayout> columns = [], generated = [];
        await using (var command = new NpgsqlCommand(ColumnsQuery, connection) { Parameters = { new() { Value = id, DataTypeName = "oid" } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation))
            {
                var expression = reader.IsDBNull(3) ? null : reader.GetString(3);
                var numbered = reader.GetBoolean(5) || (expression?.StartsWith("nextval(", StringComparison.Ordinal) ?? false);
                (reader.GetBoolean(4) ? generated : columns).Add(new(reader.GetString(0), reader.GetString(1), reader.GetBoolean(2), numbered ? null : expression)
                {
                    Base = reader.IsDBNull(6) ? null : reader.GetString(6), Numbered = numbered, Collation = reader.GetFieldValue<uint>(7), Folding = reader.GetBoolean(8),
                });
            }
        IReadOnlyList<string> key = [];
        var indexes = new List<IndexLayout>();
        await using (var command = new NpgsqlCommand(IndexesQuery, connection) { Parameters = { new() { Value = id, DataTypeName = "oid" } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation))
            {
                if (reader.GetBoolean(0)) { key = reader.GetFieldValue<string[]>(4); continue; }
                var definition = reader.GetString(3);
                indexes.Add(new(reader.GetString(2), reader.GetBoolean(1), definition[(definition.IndexOf(" USING ", StringComparison.Ordinal) + 7)..]));
            }
        var triggers = new List<string>();
        await using (var command = new NpgsqlCommand("select tgname::text from pg_catalog.pg_trigger where tgrelid = $1 and not tgisinternal order by 1", connection) { Parameters = { new() { Value = id, DataTypeName = "oid" } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation)) triggers.Add(reader.GetString(0));
        return new() { Name = name, Columns = columns, Generated = generated, PrimaryKey = key, Indexes = indexes, Triggers = triggers };
    }

    /// <summary>The rows of a migrations table.</summary>
    public static async Task<IReadOnlyList<int>> MigrationsAsync(NpgsqlConnection connection, string schema, string table, CancellationToken cancellation)
    {
        var migrations = new List<int>();
        await using var command = new NpgsqlCommand($"select v::int from {Sql.Name(schema)}.{Sql.Name(table)} order by 1", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) migrations.Add(reader.GetInt32(0));
        return migrations;
    }
}

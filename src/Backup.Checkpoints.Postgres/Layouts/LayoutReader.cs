using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>Finds a store by looking at the catalog: which tables, which columns, which keys.</summary>
internal static class LayoutReader
{
    private const string TablesQuery = """
        select c.oid, c.relname, c.relkind::text, has_table_privilege(c.oid, 'select')
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p', 'v', 'm', 'f')
        """;

    private const string ColumnsQuery = """
        select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid)
        from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
        """;

    private const string IndexesQuery = """
        select i.indisprimary, i.indisunique, c.relname, pg_catalog.pg_get_indexdef(i.indexrelid),
          array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k(n, o) join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.o)
        from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where i.indrelid = $1 and i.indisvalid order by c.relname
        """;

    /// <summary>Reads the layout; null when none of the tables is there.</summary>
    /// <exception cref="BackupException">Usage: something is there that this program cannot capture whole.</exception>
    public static async Task<(StoreLayout Layout, IReadOnlyDictionary<string, uint> Ids)?> ReadAsync(NpgsqlConnection connection, PostgresStoreOptions store, CancellationToken cancellation)
    {
        var found = new List<(uint Id, string Name, string Kind, bool Readable)>();
        await using (var command = new NpgsqlCommand(TablesQuery, connection) { Parameters = { new() { Value = store.Schema }, new() { Value = TableNames.All.ToArray() } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation))
                found.Add((reader.GetFieldValue<uint>(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3)));
        if (found.Count == 0) return null;
        var tables = new List<TableLayout>();
        foreach (var table in found.OrderBy(t => TableNames.All.ToList().IndexOf(t.Name)))
        {
            if (table.Kind is not ("r" or "p"))
                throw LayoutRules.Refused(store, $"{store.Schema}.{table.Name} is a {(table.Kind == "f" ? "foreign table" : "view")}, not a table of this database", "Back up the database the data is in.");
            if (!table.Readable)
                throw new BackupException(ErrorKind.Usage, $"'{store.Name}': no privilege to read {store.Schema}.{table.Name}",
                    $"GRANT USAGE ON SCHEMA {Sql.Name(store.Schema)} TO role; GRANT SELECT ON {Sql.Name(store.Schema)}.{Sql.Name(table.Name)} TO role;");
            tables.Add(await ReadTableAsync(connection, store, table.Id, table.Name, cancellation));
        }
        var layout = new StoreLayout { Schema = store.Schema, Tables = tables };
        return (layout, found.ToDictionary(t => t.Name, t => t.Id));
    }

    private static async Task<TableLayout> ReadTableAsync(NpgsqlConnection connection, PostgresStoreOptions store, uint id, string name, CancellationToken cancellation)
    {
        var columns = new List<ColumnLayout>();
        await using (var command = new NpgsqlCommand(ColumnsQuery, connection) { Parameters = { new() { Value = id, DataTypeName = "oid" } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation))
                columns.Add(new(reader.GetString(0), reader.GetString(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetString(3)));
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
        List<int>? migrations = null;
        if (TableNames.IsMigrations(name))
        {
            migrations = [];
            await using var command = new NpgsqlCommand($"select v::int from {Sql.Name(store.Schema)}.{Sql.Name(name)} order by 1", connection);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation)) migrations.Add(reader.GetInt32(0));
        }
        return new() { Name = name, Columns = columns, PrimaryKey = key, Indexes = indexes, Triggers = triggers, Migrations = migrations };
    }
}

using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Layouts;

/// <summary>Finds a store by looking at the catalog: which tables, which columns, which keys.</summary>
internal static class LayoutReader
{
    private const string TablesQuery = """
        select c.oid, c.relname, c.relkind::text, has_table_privilege(c.oid, 'select'),
          exists(select from pg_catalog.pg_partition_tree(c.oid) p join pg_catalog.pg_class f on f.oid = p.relid where f.relkind = 'f') and c.relkind = 'p',
          exists(select from pg_catalog.pg_inherits i where i.inhparent = c.oid) and c.relkind = 'r'
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p', 'v', 'm', 'f')
        """;

    /// <summary>Reads the layout; null when none of the tables is there.</summary>
    /// <exception cref="BackupException">Usage: something is there that this program cannot capture whole.</exception>
    public static async Task<(StoreLayout Layout, IReadOnlyDictionary<string, uint> Ids)?> ReadAsync(NpgsqlConnection connection, PostgresStoreOptions store, CancellationToken cancellation)
    {
        var found = new List<(uint Id, string Name, string Kind, bool Readable, bool Foreign, bool Inherited)>();
        await using (var command = new NpgsqlCommand(TablesQuery, connection) { Parameters = { new() { Value = store.Schema }, new() { Value = TableNames.All.ToArray() } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation))
                found.Add((reader.GetFieldValue<uint>(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5)));
        if (found.Count == 0) return null;
        var order = TableNames.All.ToList();
        var hasMemory = found.Any(t => t.Name == TableNames.StoreMigrations);
        List<TableLayout> tables = [];
        List<string> notes = [];
        foreach (var table in found.OrderBy(t => order.IndexOf(t.Name)))
        {
            var layout = await TableReader.ReadAsync(connection, table.Id, table.Name, cancellation);
            if (!hasMemory && TableNames.IsMemory(table.Name) && (table.Kind is not ("r" or "p") || !LayoutRules.IsMemory(layout)))
            {
                notes.Add($"{store.Schema}.{table.Name} is not LangGraph's long-term memory and is not part of the backup");
                continue;
            }
            LayoutRules.CheckKind(store, table.Name, table.Kind, table.Foreign, table.Inherited);
            if (!table.Readable)
                throw new BackupException(ErrorKind.Usage, $"'{store.Name}': no privilege to read {store.Schema}.{table.Name}",
                    $"GRANT USAGE ON SCHEMA {Sql.Name(store.Schema)} TO role; GRANT SELECT ON {Sql.Name(store.Schema)}.{Sql.Name(table.Name)} TO role;");
            tables.Add(TableNames.IsMigrations(table.Name) ? layout with { Migrations = await TableReader.MigrationsAsync(connection, store.Schema, table.Name, cancellation) } : layout);
        }
        return tables.Count == 0 ? null : (new() { Schema = store.Schema, Tables = tables, Notes = notes }, found.ToDictionary(t => t.Name, t => t.Id));
    }
}

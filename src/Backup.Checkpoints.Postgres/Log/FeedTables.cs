using Backup.Checkpoints.Postgres.Layouts;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>One table as it was when the feed was opened.</summary>
/// <param name="Id">The table's id.</param>
/// <param name="Records">How its columns become records.</param>
/// <param name="Columns">Type and form of every column that is not generated.</param>
internal sealed record FeedTable(uint Id, RecordColumns Records, IReadOnlyDictionary<string, (uint Type, TextForm Form)> Columns);

/// <summary>The tables a feed follows. What could not be followed exactly is refused.</summary>
internal sealed class FeedTables(StoreLayout layout, IReadOnlyDictionary<string, uint> ids, IReadOnlyList<FeedTable> tables)
{
    // The last column: a table and its partitions each have their own way to name a row that is deleted.
    private const string ReplicaQuery = """
        select t.relname::text, m.oid::regclass::text, m.relpersistence::text,
          case m.relreplident when 'f' then true when 'd' then exists(select from pg_catalog.pg_index i where i.indrelid = m.oid and i.indisprimary and i.indisvalid)
            when 'i' then exists(select from pg_catalog.pg_index i where i.indrelid = m.oid and i.indisreplident and i.indisprimary) else false end
        from pg_catalog.pg_class t, lateral (select t.oid union select p.relid from pg_catalog.pg_partition_tree(t.oid) p) member(id) join pg_catalog.pg_class m on m.oid = member.id
        where t.oid = any($1) order by 2
        """;

    private const string TypesQuery = """
        select a.attrelid, a.attname::text, a.atttypid, b.base, pg_catalog.format_type(a.atttypid, a.atttypmod),
          exists(select from pg_catalog.pg_cast c where c.castsource = b.base and c.casttarget = 'pg_catalog.text'::regtype and c.castmethod = 'f')
        from pg_catalog.pg_attribute a, lateral (with recursive d(t) as (select a.atttypid union all select t.typbasetype from d join pg_catalog.pg_type t on t.oid = d.t where t.typtype = 'd')
          select d.t from d join pg_catalog.pg_type t on t.oid = d.t where t.typtype <> 'd') b(base)
        where a.attrelid = any($1) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        """;

    public StoreLayout Layout { get; } = layout;

    /// <summary>Ids of all of LangGraph's tables, by name.</summary>
    public IReadOnlyDictionary<string, uint> AllIds { get; } = ids;

    public IReadOnlyList<FeedTable> All { get; } = tables;

    /// <summary>Ids of the tables that are followed.</summary>
    public IReadOnlyList<uint> Ids { get; } = [.. tables.Select(t => t.Id)];

    /// <summary>Tables that hold records: threads, then long-term memory.</summary>
    public static IReadOnlyList<RecordColumns> Of(StoreLayout layout) => [.. RecordColumns.OfThreads(layout), .. RecordColumns.OfMemory(layout)];

    /// <exception cref="BackupException">NotFound, Usage.</exception>
    public static async Task<FeedTables> ReadAsync(PostgresStoreOptions store, NpgsqlConnection connection, CancellationToken cancellation)
    {
        var (layout, ids) = await LayoutReader.ReadAsync(connection, store, cancellation) ?? throw new BackupException(ErrorKind.NotFound,
            $"'{store.Name}': schema {store.Schema} holds none of LangGraph's tables", "Check Schema and the database in its ConnectionString. LangGraph's setup() makes the tables.");
        LayoutRules.Check(store, layout);
        LayoutRules.CheckKeys(store, layout);
        var records = Of(layout);
        var followed = records.ToDictionary(r => ids[r.Table.Name]);
        foreach (var table in records.Where(r => TableNames.IsMemory(r.Table.Name))) CheckKey(store, table);
        await CheckReplicasAsync(store, connection, followed.Keys, cancellation);
        var columns = await ReadColumnsAsync(store, connection, followed, cancellation);
        return new(layout, ids, [.. followed.Select(f => new FeedTable(f.Key, f.Value, columns[f.Key]))]);
    }

    private static void CheckKey(PostgresStoreOptions store, RecordColumns table)
    {
        string[] key = [table.Unit, .. table.TextColumns.Take(table.KeyColumns)];
        if (!table.Table.PrimaryKey.Order(StringComparer.Ordinal).SequenceEqual(key.Order(StringComparer.Ordinal)))
            throw Refused(store, $"the primary key of {store.Schema}.{table.Table.Name} is ({string.Join(", ", table.Table.PrimaryKey)}), not ({string.Join(", ", key)})", "Add the key LangGraph's setup() makes.");
    }

    private static async Task CheckReplicasAsync(PostgresStoreOptions store, NpgsqlConnection connection, IEnumerable<uint> tables, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(ReplicaQuery, connection) { Parameters = { new() { Value = tables.ToArray(), DataTypeName = "oid[]" } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var name = reader.GetString(1);
            if (reader.GetString(2) != "p") throw Refused(store, $"changes of the unlogged table {name} are not in the log", $"ALTER TABLE {name} SET LOGGED;");
            if (!reader.GetBoolean(3)) throw Refused(store, $"the log does not name the rows that are updated or deleted in {name} by their primary key", $"ALTER TABLE {name} REPLICA IDENTITY DEFAULT;");
        }
    }

    private static async Task<Dictionary<uint, Dictionary<string, (uint, TextForm)>>> ReadColumnsAsync(
        PostgresStoreOptions store, NpgsqlConnection connection, Dictionary<uint, RecordColumns> tables, CancellationToken cancellation)
    {
        var columns = tables.Keys.ToDictionary(id => id, _ => new Dictionary<string, (uint, TextForm)>(StringComparer.Ordinal));
        await using var command = new NpgsqlCommand(TypesQuery, connection) { Parameters = { new() { Value = tables.Keys.ToArray(), DataTypeName = "oid[]" } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var (table, name) = (reader.GetFieldValue<uint>(0), reader.GetString(1));
            var form = TextForms.Of(reader.GetFieldValue<uint>(3), reader.GetBoolean(5)) ?? throw Refused(store,
                $"column {name} of {store.Schema}.{tables[table].Table.Name} has type {reader.GetString(4)}, which the log writes otherwise than a backup", "Give it another type.");
            columns[table].Add(name, (reader.GetFieldValue<uint>(2), form));
        }
        return columns;
    }

    private static BackupException Refused(PostgresStoreOptions store, string what, string hint) => new(ErrorKind.Usage, $"the changes of '{store.Name}' cannot be followed: {what}", hint);
}

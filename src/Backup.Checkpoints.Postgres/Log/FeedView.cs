using Backup.Checkpoints.Postgres.Changes;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>What a feed is of, at one moment: two that are equal have nothing between them that the log does not tell.</summary>
internal sealed record FeedView(FeedTables Tables, IReadOnlyDictionary<string, string> Identity)
{
    // Each part of it changes with an act that changes rows or hides changes and leaves no row in the log:
    // a column's xmin when its values are rewritten, a partition's file when it is truncated, the membership's id when the table was away.
    private const string TablesQuery = """
        select t.relname::text,
          (select string_agg(concat_ws('/', a.attname, a.atttypid, a.atttypmod, a.xmin), ' ' order by a.attnum) from pg_catalog.pg_attribute a
            where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and not (t.relname = 'checkpoint_writes' and a.attname = 'task_path')),
          (select string_agg(concat_ws('/', m.oid, m.relpersistence, m.relreplident, case when m.relispartition then pg_catalog.pg_relation_filenode(m.oid) end), ' ' order by m.oid)
            from pg_catalog.pg_class m where m.oid = t.oid or m.oid in (select p.relid from pg_catalog.pg_partition_tree(t.oid) p)),
          (select concat_ws('/', p.oid, p.xmin, r.oid, r.xmin) from pg_catalog.pg_publication p join pg_catalog.pg_publication_rel r on r.prpubid = p.oid where p.pubname = $2 and r.prrelid = t.oid)
        from pg_catalog.pg_class t where t.oid = any($1)
        """;

    // A new minor version of the server changes nothing.
    private static readonly string[] Unimportant = ["serverVersion", "collation"];

    /// <exception cref="BackupException">NotFound, Usage: the store cannot be followed, or not any more.</exception>
    public static async Task<FeedView> ReadAsync(PostgresStoreOptions store, NpgsqlConnection connection, string name, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation);
        var tables = await FeedTables.ReadAsync(store, connection, cancellation);
        var identity = await SourceIdentity.ReadAsync(connection, store.Schema, tables.AllIds, cancellation);
        foreach (var fact in new[] { "systemIdentifier", "timeline" })
            if (!identity.ContainsKey(fact))
                throw new BackupException(ErrorKind.Usage, $"the role may not ask for the {fact} of '{store.Name}'", "GRANT EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint() TO role;");
        if (await Publication.IsExactAsync(connection, name, tables.Ids, cancellation) != true)
            throw new BackupException(ErrorKind.Usage, $"the publication {name} is not there, or not of exactly the tables of '{store.Name}' ({string.Join(", ", tables.All.Select(t => t.Records.Table.Name))})", "Open the feed again: it makes the publication anew.");
        await using var command = new NpgsqlCommand(TablesQuery, connection) { Parameters = { new() { Value = tables.Ids.ToArray(), DataTypeName = "oid[]" }, new() { Value = name } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var table = reader.GetString(0);
            identity[$"columns:{table}"] = reader.GetString(1);
            identity[$"files:{table}"] = reader.GetString(2);
            identity[$"publication:{table}"] = reader.GetString(3);
        }
        return new(tables, identity);
    }

    /// <summary>What a later view has otherwise, in words; null when nothing.</summary>
    public string? DifferenceTo(FeedView later)
    {
        if (ContinuityCheck.ColumnsDiffer(Tables.Layout, later.Tables.Layout) is { } column) return column;
        // A table made anew has other columns and another membership as well: the table is what to tell.
        foreach (var name in Identity.Keys.Union(later.Identity.Keys).Except(Unimportant).OrderBy(n => !n.StartsWith("table:", StringComparison.Ordinal)))
        {
            // A migrations table that comes holds no record.
            if (name.StartsWith("table:", StringComparison.Ordinal) && TableNames.IsMigrations(name["table:".Length..])) continue;
            if (Identity.GetValueOrDefault(name) is var was && later.Identity.GetValueOrDefault(name) is var now && was != now) return Say(name, was, now);
        }
        return null;
    }

    private static string Say(string name, string? was, string? now) => name.Split(':', 2) switch
    {
        ["table", var table] => was is null ? $"table {table} came" : now is null ? $"table {table} is gone" : $"table {table} is not the one it was",
        ["columns", var table] => $"columns of {table} were changed or written anew",
        ["files", var table] => $"{table} has other partitions, persistence or replica identity than before, or a partition was truncated or rewritten",
        ["publication", var table] => $"the publication of {table} was changed or made anew",
        _ => $"{name} was {was ?? "absent"} and is {now ?? "absent"}",
    };
}

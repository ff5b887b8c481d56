using Backup.Checkpoints.Postgres.Layouts;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Log;

/// <summary>The publication of a feed: it says which tables' changes the server decodes.</summary>
internal static class Publication
{
    // to_jsonb: servers before 15 know neither row filters nor column lists.
    private const string ExactQuery = """
        select p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate and not p.puballtables
            and (p.pubviaroot or not exists(select from pg_catalog.pg_class c where c.oid = any($2) and c.relkind = 'p'))
            and not exists(select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid
              and (coalesce(to_jsonb(r) ->> 'prqual', to_jsonb(r) ->> 'prattrs') is not null or r.prrelid <> all($2)))
            and (select count(*) from pg_catalog.pg_publication_rel r where r.prpubid = p.oid) = cardinality($2)
            and (select count(*) from pg_catalog.pg_publication_tables t where t.pubname = p.pubname) = cardinality($2)
        from pg_catalog.pg_publication p where p.pubname = $1
        """;

    /// <summary>Makes the publication what it must be.</summary>
    /// <returns>True when it was made anew.</returns>
    /// <exception cref="BackupException">Usage: it must be made and the role may not.</exception>
    public static async Task<bool> EnsureAsync(PostgresStoreOptions store, NpgsqlConnection connection, string name, StoreLayout layout, IReadOnlyCollection<uint> tables, CancellationToken cancellation)
    {
        var exact = await IsExactAsync(connection, name, tables, cancellation);
        if (exact == true) return false;
        var sql = $"CREATE PUBLICATION {Sql.Name(name)} FOR TABLE {string.Join(", ", FeedTables.Of(layout).Select(t => $"{Sql.Name(store.Schema)}.{Sql.Name(t.Table.Name)}"))} WITH (publish_via_partition_root = true)";
        if (exact is not null) sql = $"DROP PUBLICATION {Sql.Name(name)}; {sql}";
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(cancellation);
            return true;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new BackupException(ErrorKind.Usage,
                $"{(exact is null ? "there is no publication" : "the publication is not of exactly LangGraph's tables, all their rows, columns and changes:")} {name} in the database of '{store.Name}', and the role may not make it: {error.MessageText}",
                $"Let an administrator run: {sql}; or let the role own the tables and GRANT CREATE ON DATABASE {Sql.Name(connection.Database)} TO role.", error);
        }
    }

    /// <summary>True when the publication has every change of exactly these tables; null when there is none.</summary>
    public static async Task<bool?> IsExactAsync(NpgsqlConnection connection, string name, IReadOnlyCollection<uint> tables, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(ExactQuery, connection) { Parameters = { new() { Value = name }, new() { Value = tables.ToArray(), DataTypeName = "oid[]" } } };
        return (bool?)await command.ExecuteScalarAsync(cancellation);
    }

    /// <summary>Takes it away; one that an administrator made for us stays.</summary>
    public static async Task DropAsync(NpgsqlConnection connection, string name, CancellationToken cancellation)
    {
        try
        {
            await using var command = new NpgsqlCommand($"DROP PUBLICATION IF EXISTS {Sql.Name(name)}", connection);
            await command.ExecuteNonQueryAsync(cancellation);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // It keeps no log back.
        }
    }
}

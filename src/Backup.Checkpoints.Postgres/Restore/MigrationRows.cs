using Backup.Checkpoints.Postgres.Layouts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>
/// Fills migrations tables that are empty, so that LangGraph's setup() sees the layout it finds (formats.md §2.2): no row for what tables
/// that were there already do not have, or setup() would never make it.
/// </summary>
internal static class MigrationRows
{
    public static async Task InsertAsync(NpgsqlConnection connection, string schema, StoreLayout captured, StoreLayout present, CancellationToken cancellation)
    {
        foreach (var table in captured.Tables.Where(t => t.Migrations is { Count: > 0 }))
        {
            var name = Ddl.Name(schema, table);
            await using var command = new NpgsqlCommand($"insert into {name} (v) select x from unnest($1) x where not exists (select from {name})", connection)
            {
                Parameters = { new() { Value = Generations.Rows(table, captured, present).ToArray() } },
            };
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }
}

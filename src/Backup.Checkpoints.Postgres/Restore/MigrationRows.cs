using Backup.Checkpoints.Postgres.Layouts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>Fills migrations tables that this restore made, so that LangGraph's setup() sees the layout it finds (formats.md §2.2).</summary>
internal static class MigrationRows
{
    public static async Task InsertAsync(NpgsqlConnection connection, string schema, IEnumerable<TableLayout> made, CancellationToken cancellation)
    {
        foreach (var table in made.Where(t => t.Migrations is { Count: > 0 }))
        {
            var name = Ddl.Name(schema, table);
            await using var command = new NpgsqlCommand($"insert into {name} (v) select x from unnest($1) x where not exists (select from {name} t where t.v = x)", connection)
            {
                Parameters = { new() { Value = table.Migrations!.ToArray() } },
            };
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }
}

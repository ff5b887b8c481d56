using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Layouts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>Deletes every row of units, those that refer to others first.</summary>
internal static class UnitRemoval
{
    public static async Task RunAsync(NpgsqlConnection connection, string schema, StoreLayout layout, IReadOnlyCollection<UnitId> units, CancellationToken cancellation)
    {
        foreach (var kind in units.GroupBy(u => u.Kind))
        {
            foreach (var columns in RecordColumns.Of(layout, kind.Key).Reverse())
            {
                var type = columns.Table.Columns.First(c => c.Name == columns.Unit).Type;
                var sql = $"delete from {Ddl.Name(schema, columns.Table)} where {Sql.Name(columns.Unit)} in (select x::{type} from unnest($1::text[]) x)";
                await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = kind.Select(u => u.Id).ToArray() } } };
                await command.ExecuteNonQueryAsync(cancellation);
            }
        }
    }
}

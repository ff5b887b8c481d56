using Backup.Checkpoints.Postgres.Layouts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>
/// Boundaries between shards from the planner's statistics. Any boundaries are correct: shards are half-open ranges that cover
/// every id there is; statistics only decide how even they are.
/// </summary>
internal static class ShardPlanner
{
    public static async Task<IReadOnlyList<string>> BoundariesAsync(NpgsqlConnection connection, StoreLayout layout, int wanted, CancellationToken cancellation)
    {
        // histogram_bounds leaves out the most common values; both together are a sample of where the rows are.
        const string query = """
            select coalesce(array(select x from (
              select unnest(histogram_bounds::text::text[]) as x from pg_catalog.pg_stats where schemaname = $1 and tablename = $2 and attname = 'thread_id'
              union select unnest(most_common_vals::text::text[]) from pg_catalog.pg_stats where schemaname = $1 and tablename = $2 and attname = 'thread_id') v), '{}')
            """;
        foreach (var table in new[] { TableNames.Blobs, TableNames.Checkpoints })
        {
            await using var command = new NpgsqlCommand(query, connection) { Parameters = { new() { Value = layout.Schema }, new() { Value = table } } };
            var sample = (string[])(await command.ExecuteScalarAsync(cancellation))!;
            if (sample.Length >= 2 * wanted) return await EvenlyAsync(connection, layout, sample, wanted, cancellation);
        }
        return await SkipAsync(connection, layout, wanted, cancellation);
    }

    // The server orders the sample: its collation, not ours, decides what a range is.
    private static async Task<IReadOnlyList<string>> EvenlyAsync(NpgsqlConnection connection, StoreLayout layout, string[] sample, int wanted, CancellationToken cancellation)
    {
        var type = layout.Table(TableNames.Checkpoints)!.Columns.First(c => c.Name == "thread_id").Type;
        await using var command = new NpgsqlCommand($"select x::text from (select distinct x::{type} from unnest($1) x) v order by v.x", connection) { Parameters = { new() { Value = sample } } };
        var ordered = new List<string>();
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation)) ordered.Add(reader.GetString(0));
        return Enumerable.Range(1, wanted - 1).Select(i => ordered[i * ordered.Count / wanted]).Distinct(StringComparer.Ordinal).ToList();
    }

    // Without statistics: the first ids by skipping through the index, when there are few; one shard otherwise.
    private static async Task<IReadOnlyList<string>> SkipAsync(NpgsqlConnection connection, StoreLayout layout, int wanted, CancellationToken cancellation)
    {
        const int Few = 10_000;
        var table = $"{Sql.Name(layout.Schema)}.{TableNames.Checkpoints}";
        var skip = $"""
            with recursive s(u, n) as (
              (select thread_id, 1 from {table} order by 1 limit 1)
              union all select (select t.thread_id from {table} t where t.thread_id > s.u order by 1 limit 1), n + 1 from s where s.u is not null and n <= {Few})
            select u::text from s where u is not null order by n
            """;
        var ids = new List<string>();
        await using var command = new NpgsqlCommand(skip, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) ids.Add(reader.GetString(0));
        return ids.Count > Few ? [ids[Few / 2], ids[^1]] : Enumerable.Range(1, wanted - 1).Select(i => i * ids.Count / wanted).Where(i => i > 0 && i < ids.Count).Distinct().Select(i => ids[i]).ToList();
    }
}

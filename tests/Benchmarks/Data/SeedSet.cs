using Npgsql;

namespace Backup.Benchmarks.Data;

/// <summary>Threads that real LangGraph wrote into a schema.</summary>
internal static class SeedSet
{
    /// <summary>Reads every thread; rows come in the order they stand in their table.</summary>
    public static async Task<List<SeedThread>> ReadAsync(NpgsqlDataSource database, string schema)
    {
        var threads = new Dictionary<string, SeedThread>();
        for (var i = 0; i < Table.All.Count; i++)
        {
            var table = Table.All[i];
            var texts = string.Join(", ", table.Columns.Select(c => $"{c.Name}::text"));
            await using var command = database.CreateCommand($"select {texts}{(table.HasBlob ? ", blob" : "")} from {schema}.{table.Name} order by ctid");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                var row = new Row(Enumerable.Range(0, table.Columns.Count).Select(c => reader.IsDBNull(c) ? null : reader.GetString(c)).ToArray(),
                    table.HasBlob && !reader.IsDBNull(table.Columns.Count) ? reader.GetFieldValue<byte[]>(table.Columns.Count) : null);
                if (!threads.TryGetValue(row.Texts[0]!, out var thread)) threads[row.Texts[0]!] = thread = new();
                thread.Tables[i].Add(row);
            }
        }
        return [.. threads.Values];
    }
}

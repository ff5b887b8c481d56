using Npgsql;

namespace Backup.Benchmarks.Data;

/// <summary>What a schema was filled with.</summary>
/// <param name="Schema">Schema.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Rows">Rows of the three tables.</param>
/// <param name="Bytes">Bytes of their values.</param>
internal sealed record DataSet(string Schema, long Threads, long Rows, long Bytes)
{
    /// <summary>Threads that are being written at the same time.</summary>
    public const int Concurrent = 32;

    /// <summary>
    /// Fills a schema with variations of real threads until <paramref name="bytes"/> or <paramref name="threads"/> is reached. Rows stand in the
    /// heap as a live system writes them: step by step, the threads that run at the same time taking turns.
    /// </summary>
    public static async Task<DataSet> CreateAsync(NpgsqlDataSource database, string schema, IReadOnlyList<SeedThread> seed, string like, long bytes, long threads)
    {
        await ExecuteAsync(database, $"drop schema if exists {schema} cascade; create schema {schema}");
        foreach (var table in (string[])[.. Table.All.Select(t => t.Name), "checkpoint_migrations"])
            await ExecuteAsync(database, $"create table {schema}.{table} (like {like}.{table} including all)");
        await ExecuteAsync(database, $"insert into {schema}.checkpoint_migrations select * from {like}.checkpoint_migrations");
        var vocabulary = new Vocabulary(seed);
        var writers = await Task.WhenAll(Table.All.Select(t => TableWriter.OpenAsync(database, schema, t)));
        long started = 0;
        var running = new List<RunningThread>();
        while (true)
        {
            while (running.Count < Concurrent && (threads > 0 ? started < threads : writers.Sum(w => w.Bytes) + running.Sum(r => r.Left) < bytes))
            {
                var variation = new Variation(vocabulary, Mixing.Mix((ulong)(started / seed.Count)));
                running.Add(new(seed[(int)(started++ % seed.Count)], variation));
            }
            if (running.Count == 0) break;
            foreach (var thread in running) await thread.StepAsync(writers);
            running.RemoveAll(t => t.IsDone);
        }
        await Task.WhenAll(writers.Select(w => w.CompleteAsync()));
        await ExecuteAsync(database, "vacuum analyze");
        return new(schema, started, writers.Sum(w => w.Rows), writers.Sum(w => w.Bytes));
    }

    public static Task DropAsync(NpgsqlDataSource database, string schema) => ExecuteAsync(database, $"drop schema {schema} cascade");

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}

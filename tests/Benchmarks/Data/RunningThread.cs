namespace Backup.Benchmarks.Data;

/// <summary>A thread in the middle of its run: each step writes one checkpoint and its share of the blobs and writes.</summary>
internal sealed class RunningThread
{
    private readonly IReadOnlyList<Row>[] tables;
    private readonly int[] written = new int[Table.All.Count];
    private readonly int steps;
    private int step;

    public RunningThread(SeedThread seed, Variation variation)
    {
        tables = seed.Tables.Select(IReadOnlyList<Row> (rows) => rows.Select(variation.Apply).ToList()).ToArray();
        steps = tables[0].Count;
        Left = tables.Sum(rows => rows.Sum(TableWriter.Size));
    }

    public bool IsDone => step == steps;

    /// <summary>Bytes not yet written.</summary>
    public long Left { get; private set; }

    public async Task StepAsync(TableWriter[] writers)
    {
        step++;
        for (var table = 0; table < tables.Length; table++)
            for (var until = tables[table].Count * (long)step / steps; written[table] < until; written[table]++)
            {
                var row = tables[table][written[table]];
                await writers[table].WriteAsync(row);
                Left -= TableWriter.Size(row);
            }
    }
}

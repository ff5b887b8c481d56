using Backup.Benchmarks;
using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;

try
{
    var options = BenchmarkOptions.Parse(args);
    var ledger = new Ledger();
    var targets = new Targets();
    await using var bench = await Bench.OpenAsync();

    var url = bench.Url(bench.DataName);
    if (options.Parts.Any(p => p is not ("thread" or "redis" or "redis-apps")))
    {
        Console.WriteLine("data");
        foreach (var (threads, turns) in options.IsSmoke ? [(8, 3), (4, 6)] : new[] { (40, 5), (40, 15), (20, 40) })
            await Seeding.GenerateAsync(url, "seed", threads, turns);
        var seed = await SeedSet.ReadAsync(bench.Data, "seed");
        // As many threads as real ones: how far a window reaches depends on how much there is.
        var like = await DataSet.CreateAsync(bench.Data, "likeness", seed, "seed", 0, seed.Count);
        await Likeness.CheckAsync(bench, "seed", like.Schema);
        await DataSet.DropAsync(bench.Data, like.Schema);
        var full = await DataSet.CreateAsync(bench.Data, "main", seed, "seed", options.Size, threads: 0);
        Console.WriteLine($"  {full.Threads} threads, {full.Rows} rows, {full.Bytes / 1e6:F0} MB of values, {(double)full.Bytes / full.Rows:F0} bytes a row, {DataSet.Concurrent} threads at a time");
        if (options.Parts.Contains("backup")) await BackupPart.RunAsync(bench, full, options.Rounds, ledger, targets);
        if (options.Parts.Contains("restore")) await RestorePart.RunAsync(bench, full, options.Rounds, ledger, targets);
        if (options.Parts.Contains("memory"))
            await MemoryPart.RunAsync(bench, full, await DataSet.CreateAsync(bench.Data, "tenth", seed, "seed", options.Size / 10, threads: 0), targets);
        if (options.Parts.Contains("increment")) await IncrementPart.RunAsync(bench, full, targets);
        await DataSet.DropAsync(bench.Data, full.Schema);
    }
    if (options.Parts.Contains("thread"))
    {
        await Seeding.GenerateAsync(url, "small", Math.Min(options.Threads, 200), 1);
        await ThreadPart.RunAsync(bench, await DataSet.CreateAsync(bench.Data, "many", await SeedSet.ReadAsync(bench.Data, "small"), "small", 0, options.Threads), targets);
    }
    if (options.Parts.Any(p => p is "redis" or "redis-apps")) await RedisPart.RunAsync(bench, options, ledger, targets);
    targets.Print();
    return 0;
}
catch (Exception error) when (error is InvalidOperationException or ArgumentException or FormatException)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}

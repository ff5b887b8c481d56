using System.Diagnostics;
using Backup.Archive;
using Backup.Archive.Keys;
using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;
using Backup.Checkpoints.Postgres;
using Backup.Contracts;
using Backup.Engine.Progress;
using Backup.Engine.Restore;
using Backup.Storage.Local;

namespace Backup.Benchmarks;

/// <summary>One thread out of an archive of many, restored again and again by the same process.</summary>
internal static class ThreadPart
{
    private const int Threads = 20;

    public static async Task RunAsync(Bench bench, DataSet many, Targets targets)
    {
        Console.WriteLine($"one thread out of {many.Threads}");
        var tool = new Tool(bench, "thread", many.Schema);
        await tool.InitAsync();
        var (measured, _) = await tool.RunAsync("create prod");
        Console.WriteLine($"  their backup took {measured.Wall:F1} s, {many.Bytes / 1e6:F0} MB of values are {Bench.SizeOf(tool.Archive) / 1e6:F1} MB in the archive");
        var ids = await ThreadIdsAsync(bench, many);
        var archive = await OpenedArchive.OpenAsync(new LocalStorage(tool.Archive), KeyFileKey.Parse(await File.ReadAllTextAsync(tool.Key), tool.Key), 3, default);
        var target = await bench.FreshAsync("target");
        await using var store = new PostgresStore(new() { Name = "target", ConnectionString = bench.ConnectionString(target), Schema = many.Schema, Writable = true });
        var runs = new List<(double Seconds, long Reads, long Bytes)>();
        foreach (var id in ids)
        {
            var started = Stopwatch.GetTimestamp();
            var run = new RestoreRun(archive, store, new() { Archive = "main", Source = "prod", Target = "target", Threads = [id] }, TimeProvider.System);
            var report = await run.RunAsync(new RunProgress(new() { RunId = RunId.New(TimeProvider.System.GetUtcNow()).Value, Kind = RunKind.Restore, Store = "target", Archive = "main" }, TimeProvider.System), default);
            runs.Add((Stopwatch.GetElapsedTime(started).TotalSeconds, report.Reads, report.BytesRead));
            Expect.Same("the thread is exact", true, report.Exact && report.Threads == 1);
        }
        var warm = runs.Skip(1).ToList();
        Console.WriteLine($"  first: {runs[0].Seconds:F3} s; then {warm.Min(r => r.Seconds):F3}, in the median {warm.Select(r => r.Seconds).Order().ElementAt(warm.Count / 2):F3}, to {warm.Max(r => r.Seconds):F3} s, {warm.Max(r => r.Reads)} reads, at most {warm.Max(r => r.Bytes) / 1e3:F0} kB read");
        targets.Add($"one of {many.Threads} threads: seconds, warm, slowest", warm.Max(r => r.Seconds), 1);
        targets.Add($"one of {many.Threads} threads: storage reads", warm.Max(r => r.Reads), 5);
        targets.Add($"one of {many.Threads} threads: MB read", warm.Max(r => r.Bytes) / 1e6, 1);
        await IncrementPart.UnchangedAsync(bench, tool, many, targets);
    }

    private static async Task<List<string>> ThreadIdsAsync(Bench bench, DataSet many)
    {
        await using var command = bench.Data.CreateCommand($"select thread_id from (select distinct thread_id from {many.Schema}.checkpoints) t order by md5(thread_id) limit {Threads}");
        await using var reader = await command.ExecuteReaderAsync();
        var ids = new List<string>();
        while (await reader.ReadAsync()) ids.Add(reader.GetString(0));
        return ids;
    }
}

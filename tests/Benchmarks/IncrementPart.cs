using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;

namespace Backup.Benchmarks;

/// <summary>An incremental backup after one more turn of one thread in a hundred, and one of a store where nothing changed, against restic on the dump.</summary>
internal static class IncrementPart
{
    public static async Task RunAsync(Bench bench, DataSet data, Targets targets)
    {
        Console.WriteLine("increment");
        var tool = new Tool(bench, "increment", data.Schema);
        await tool.InitAsync();
        var (threads, rows) = await LastTurn.TakeAsync(bench.Data, data.Schema);
        var repository = bench.Path("restic");
        var environment = new Dictionary<string, string>
        {
            ["URL"] = bench.Url(bench.DataName), ["SCHEMA"] = data.Schema, ["OUT"] = repository, ["RESTIC_PASSWORD"] = "benchmark", ["HOME"] = bench.Folder, ["RESTIC_CACHE_DIR"] = bench.Path("restic-cache"),
        };
        var restic = Peer.All.First(p => p.Name == Peer.Restic);
        await ShellCommand.RunAsync(restic.Prepare!, environment, bench.Server);

        var full = await CreateAsync(bench, tool, "full");
        await ShellCommand.RunAsync(restic.Command, environment, bench.Server);
        await LastTurn.PutBackAsync(bench.Data, data.Schema);
        var increment = await CreateAsync(bench, tool, "incremental");
        var before = Bench.SizeOf(repository);
        var theirs = await ShellCommand.RunAsync(restic.Command, environment, bench.Server);
        var peer = Bench.SizeOf(repository) - before;
        var unchanged = await CreateAsync(bench, tool, "incremental");
        Bench.Remove(repository);
        Expect.Same("rows before the turn", data.Rows - rows, full.Rows);
        Expect.Same("rows with it", data.Rows, increment.Rows);
        Expect.Same("state of an unchanged store", increment.StateRoot, unchanged.StateRoot);

        Console.WriteLine($"  {threads} of {data.Threads} threads had one more turn, {rows} of {data.Rows} rows");
        Console.WriteLine($"  full        {full.Wall,8:F2} s {full.Bytes / 1e3,12:F1} kB");
        Console.WriteLine($"  increment   {increment.Wall,8:F2} s {increment.Bytes / 1e3,12:F1} kB, of the time the run {increment.Run:F2} s");
        Console.WriteLine($"  restic's    {theirs.Wall,8:F2} s {peer / 1e3,12:F1} kB");
        Console.WriteLine($"  unchanged   {unchanged.Wall,8:F2} s {unchanged.Bytes / 1e3,12:F1} kB, of the time the run {unchanged.Run:F2} s");
        targets.Add("increment: bytes against the full's", (double)increment.Bytes / full.Bytes, 0.02);
        targets.Add("increment: bytes against restic's", (double)increment.Bytes / peer, 0.1);
        targets.Add("increment: wall against the full's", increment.Wall / full.Wall, 0.1);
    }

    /// <summary>An incremental backup of a store that is as its newest backup is.</summary>
    public static async Task UnchangedAsync(Bench bench, Tool tool, DataSet data, Targets targets)
    {
        var (wall, bytes, _, _, run) = await CreateAsync(bench, tool, "incremental");
        Console.WriteLine($"  an increment of {data.Rows} unchanged rows: {wall:F2} s, of which the run {run:F2} s, {bytes} bytes");
        targets.Add($"{data.Rows / 1e6:F1} M rows unchanged: seconds", wall, 1);
        targets.Add($"{data.Rows / 1e6:F1} M rows unchanged: kB stored", bytes / 1e3, 4);
    }

    private static async Task<(double Wall, long Bytes, long Rows, string StateRoot, double Run)> CreateAsync(Bench bench, Tool tool, string strategy)
    {
        var before = Bench.SizeOf(tool.Archive);
        var (measured, report) = await tool.RunAsync($"create prod --strategy {strategy}");
        Expect.Same("strategy", strategy, report.GetProperty("strategy").GetString()!);
        return (measured.Wall, Bench.SizeOf(tool.Archive) - before, report.GetProperty("records").GetInt64(), report.GetProperty("stateRoot").GetString()!, report.GetProperty("seconds").GetDouble());
    }
}

using Backup.Benchmarks.Data;
using Backup.Benchmarks.Measuring;

namespace Backup.Benchmarks;

/// <summary>Peak memory of a process that backs up and one that restores, at the full size and at a tenth.</summary>
internal static class MemoryPart
{
    public static async Task RunAsync(Bench bench, DataSet full, DataSet tenth, Targets targets)
    {
        Console.WriteLine("memory");
        var (backup, restore) = await PeaksAsync(bench, full);
        var (smallBackup, smallRestore) = await PeaksAsync(bench, tenth);
        Console.WriteLine($"  peak of backup  {smallBackup / 1e6,6:F0} MB with {tenth.Bytes / 1e6:F0} MB of values, {backup / 1e6,6:F0} MB with {full.Bytes / 1e6:F0} MB");
        Console.WriteLine($"  peak of restore {smallRestore / 1e6,6:F0} MB with {tenth.Bytes / 1e6:F0} MB of values, {restore / 1e6,6:F0} MB with {full.Bytes / 1e6:F0} MB");
        targets.Add("memory: MB at the peak of a backup", backup / 1e6, 400);
        targets.Add("memory: the same with 10 x the data, backup", (double)backup / smallBackup, 1.1);
        targets.Add("memory: MB at the peak of a restore", restore / 1e6, 400);
        targets.Add("memory: the same with 10 x the data, restore", (double)restore / smallRestore, 1.1);
    }

    private static async Task<(long Backup, long Restore)> PeaksAsync(Bench bench, DataSet data)
    {
        var tool = new Tool(bench, $"memory-{data.Schema}", data.Schema, await bench.FreshAsync("target"));
        await tool.InitAsync();
        var (backup, _) = await tool.RunAsync("create prod");
        var (restore, report) = await tool.RunAsync("restore --source prod --to target");
        Expect.Same("the restore is exact", true, report.GetProperty("exact").GetBoolean());
        await bench.FreshAsync("target");
        return (backup.PeakBytes, restore.PeakBytes);
    }
}

namespace Backup.Benchmarks.Measuring;

/// <summary>What was measured, by name, round by round.</summary>
internal sealed class Ledger
{
    private readonly Dictionary<string, List<Measured>> runs = [];
    private readonly Dictionary<string, long> sizes = [];

    public void Add(string name, Measured measured)
    {
        if (!runs.TryGetValue(name, out var list)) runs[name] = list = [];
        list.Add(measured);
        Console.WriteLine($"  {name,-28} {measured.Wall,8:F2} s   cpu {measured.Cpu,7:F2} s   server {measured.ServerCpu,7:F2} s   peak {measured.PeakBytes / 1e6,6:F0} MB");
    }

    public void Size(string name, long bytes) => sizes[name] = bytes;

    public long Size(string name) => sizes[name];

    public double Wall(string name) => Median(name, m => m.Wall);

    public double Cpu(string name) => Median(name, m => m.Cpu + m.ServerCpu);

    public long Peak(string name) => runs[name].Max(m => m.PeakBytes);

    private double Median(string name, Func<Measured, double> of)
    {
        var ordered = runs[name].Select(of).Order().ToList();
        return ordered.Count % 2 == 1 ? ordered[ordered.Count / 2] : (ordered[(ordered.Count / 2) - 1] + ordered[ordered.Count / 2]) / 2;
    }

    /// <summary>Medians of everything, ratios to the first.</summary>
    public void Print(string title, IReadOnlyList<string> names)
    {
        Console.WriteLine($"\n{title,-30} {"wall s",8} {"x first",8} {"cpu s",8} {"MB",10} {"first/it",9}");
        foreach (var name in names.Where(runs.ContainsKey))
        {
            var size = sizes.TryGetValue(name, out var bytes) ? $"{bytes / 1e6,10:F1} {(sizes.TryGetValue(names[0], out var own) ? $"{(double)own / bytes,9:F3}" : "")}" : "";
            Console.WriteLine($"{name,-30} {Wall(name),8:F2} {Wall(name) / Wall(names[0]),8:F2} {Cpu(name),8:F2} {size}");
        }
    }
}

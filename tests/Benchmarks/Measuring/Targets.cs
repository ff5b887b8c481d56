namespace Backup.Benchmarks.Measuring;

/// <summary>What must be reached, and whether it was. Timings never fail a run; they are said.</summary>
internal sealed class Targets
{
    private readonly List<(string What, double Measured, double Bound)> targets = [];

    public void Add(string what, double measured, double bound) => targets.Add((what, measured, bound));

    public void Print()
    {
        Console.WriteLine($"\n{"target",-58} {"measured",9} {"bound",8}");
        foreach (var (what, measured, bound) in targets) Console.WriteLine($"{what,-58} {measured,9:F3} {bound,8:F3}  {(measured <= bound ? "met" : "NOT MET")}");
    }
}

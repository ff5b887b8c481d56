namespace Backup.Live.Losses;

/// <summary>Prints what came of the kills.</summary>
internal sealed class LossTable
{
    private const double Bound = 5;
    private readonly List<Kill> kills = [];

    public void Add(Kill kill)
    {
        if (kills.Count == 0) Console.WriteLine($"{"",4} {"killed",-8} {"acknowledged",13} {"not in ticks",13} {"= seconds",10} {"lag said",9} {"all held after",15} {"epoch",6}  then missing");
        kills.Add(kill);
        Console.WriteLine($"{kills.Count,4} {kill.Killed,-8} {kill.Acknowledged,13} {kill.Loss.Commits,13} {kill.Loss.Seconds,10:F2} {kill.Reported,9:F2} {kill.Recovered,13:F1} s {kill.Epoch,6}  0");
    }

    public void Print(LogWatcher log, IReadOnlyList<Writer> writers)
    {
        Console.WriteLine($"\nsource lost at the kill: seconds of acknowledged commits lost for ever   {"p50",7} {"p99",7} {"max",7}");
        foreach (var group in kills.GroupBy(k => k.Killed)) Print($"  {group.Key}, {group.Count()} times", group.Select(k => k.Loss.Seconds));
        Print("  all", kills.Select(k => k.Loss.Seconds));
        Console.WriteLine("otherwise: seconds until the archive held everything acknowledged before");
        foreach (var group in kills.GroupBy(k => k.Killed)) Print($"  {group.Key}", group.Select(k => k.Recovered));
        Console.WriteLine("lag reported each second, take-overs and restarts included");
        Print("  seconds", log.Lags);
        var loss = Quantiles.Of(kills.Select(k => k.Loss.Seconds), 0.99);
        Console.WriteLine($"\ntarget: lost with the source, p99 <= {Bound} s: {loss:F2} s, {(loss <= Bound ? "met" : "NOT MET")}; {writers.Sum(w => w.Commits().Count)} commits, none missing, no gap");
    }

    private static void Print(string what, IEnumerable<double> values)
    {
        var list = values.ToList();
        Console.WriteLine($"{what,-72} {Quantiles.Of(list, 0.5),7:F2} {Quantiles.Of(list, 0.99),7:F2} {list.Max(),7:F2}");
    }
}

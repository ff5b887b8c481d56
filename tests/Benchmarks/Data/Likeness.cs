using System.Globalization;
using Backup.Benchmarks.Measuring;

namespace Backup.Benchmarks.Data;

/// <summary>Whether multiplied rows compress like the real ones they were made of.</summary>
internal static class Likeness
{
    private const double Tolerance = 0.1;

    /// <summary>Compares how far a window of 128 MB takes the dump of each.</summary>
    public static async Task CheckAsync(Bench bench, string seed, string multiplied)
    {
        var real = await RatioAsync(bench, seed);
        var made = await RatioAsync(bench, multiplied);
        Console.WriteLine($"  pg_dump | zstd -3 --long=27: {real:F1} to 1 for the rows LangGraph wrote, {made:F1} to 1 for those made of them");
        if (Math.Abs((made / real) - 1) > Tolerance) throw new InvalidOperationException($"the multiplied rows compress {made / real:F2} times as well as real ones: they are no fair input");
    }

    private static async Task<double> RatioAsync(Bench bench, string schema)
    {
        var run = await ShellCommand.RunAsync($"pg_dump -n {schema} {bench.Url(bench.DataName)} | tee >(wc -c >{bench.Path("raw")}) | zstd -3 --long=27 -q | wc -c", new Dictionary<string, string>(), bench.Server);
        return double.Parse(await File.ReadAllTextAsync(bench.Path("raw")), CultureInfo.InvariantCulture) / double.Parse(run.Output, CultureInfo.InvariantCulture);
    }
}

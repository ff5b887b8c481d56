namespace Backup.Benchmarks.Measuring;

/// <summary>One measured command.</summary>
/// <param name="Wall">Seconds on the clock.</param>
/// <param name="Cpu">Seconds of processor time of its processes.</param>
/// <param name="ServerCpu">Seconds of processor time the database server spent on it; NaN when that cannot be seen.</param>
/// <param name="PeakBytes">Most resident memory of its largest process.</param>
/// <param name="Output">What it wrote to standard output.</param>
internal sealed record Measured(double Wall, double Cpu, double ServerCpu, long PeakBytes, string Output);

namespace Backup.Live;

internal static class Quantiles
{
    /// <summary>The smallest value that so large a part of all does not exceed.</summary>
    public static double Of(IEnumerable<double> values, double part)
    {
        var ordered = values.Order().ToList();
        return ordered.Count == 0 ? double.NaN : ordered[Math.Clamp((int)Math.Ceiling(part * ordered.Count) - 1, 0, ordered.Count - 1)];
    }
}

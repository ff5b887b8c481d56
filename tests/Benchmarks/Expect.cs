namespace Backup.Benchmarks;

/// <summary>A fast wrong result is no result.</summary>
internal static class Expect
{
    public static void Same<T>(string what, T expected, T found)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found)) throw new InvalidOperationException($"{what}: {found} where {expected} was expected");
    }
}

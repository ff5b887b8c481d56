namespace Backup.Engine.Compaction;

/// <summary>
/// Which layers of a chain are merged, newest first, from their sizes alone. What stays behind grows by a factor of four from layer to layer
/// where that needs few enough of them, so that a byte is rewritten seldom.
/// </summary>
public static class ChainPolicy
{
    /// <summary>Layers a compaction leaves at most; what has no more is left alone.</summary>
    public const int Settled = 4;
    /// <summary>Layers at which a cluster compacts by itself.</summary>
    public const int Due = 8;
    /// <summary>Layers any backup is read through at most, where a compaction runs after every eight increments at the latest.</summary>
    public const int Most = 12;
    /// <summary>Layers that are merged at once at most: memory is bounded by them.</summary>
    public const int MostOpen = 64;
    private const int Growth = 4;

    /// <summary>How many of the newest layers to merge; all of them for a synthetic full, 0 for none.</summary>
    /// <param name="sizes">Bytes of each layer in the archive, newest first; the last holds everything.</param>
    public static int Newest(IReadOnlyList<long> sizes)
    {
        var above = sizes.Count - 1;
        if (sizes.Count <= Settled) return 0;
        if (sizes.Count <= MostOpen && 2 * sizes.Take(above).Sum() >= sizes[above]) return sizes.Count;
        var merged = sizes[0];
        var count = 1;
        while (count < above && count < MostOpen && (sizes[count] < Growth * merged || above - count + 1 > Settled - 1)) merged += sizes[count++];
        return count;
    }
}

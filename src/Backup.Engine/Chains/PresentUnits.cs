using System.Runtime.CompilerServices;
using Backup.Archive.Chains;
using Backup.Archive.Index;
using Backup.Checkpoints.Stores;
using Backup.Engine.Units;

namespace Backup.Engine.Chains;

/// <summary>A unit as the source has it beside what the base has of it; one of the two may be missing.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Now">What the source says of it; null when it is not there any more.</param>
/// <param name="Base">What the base has; null when it is new.</param>
internal sealed record ComparedUnit(byte[] Key, UnitActivity? Now, UnitEntry? Base);

/// <summary>Merges the units of a cut with those of the base, both in the order of their keys.</summary>
internal static class PresentUnits
{
    /// <summary>Every unit that the source or the base has.</summary>
    public static async IAsyncEnumerable<ComparedUnit> CompareAsync(IAsyncEnumerable<UnitActivity> source, ChainIndex index, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var present = source.GetAsyncEnumerator(cancellation);
        await using var known = index.ReadAllAsync(cancellation).GetAsyncEnumerator(cancellation);
        byte[]? last = null;
        var (hasPresent, hasKnown) = (await present.MoveNextAsync(), await known.MoveNextAsync());
        while (hasPresent || hasKnown)
        {
            var key = hasPresent ? UnitKey.Of(present.Current.Unit) : null;
            // A source that lists out of order would make units look deleted.
            if (key is not null && last is not null && last.AsSpan().SequenceCompareTo(key) >= 0)
                throw new InvalidOperationException($"the source does not list its units in order: {present.Current.Unit}");
            var order = key is null ? 1 : !hasKnown ? -1 : key.AsSpan().SequenceCompareTo(known.Current.Key);
            yield return new(order <= 0 ? key! : known.Current.Key, order <= 0 ? present.Current : null, order >= 0 ? known.Current : null);
            if (order <= 0)
            {
                last = key;
                hasPresent = await present.MoveNextAsync();
            }
            if (order >= 0) hasKnown = await known.MoveNextAsync();
        }
    }
}

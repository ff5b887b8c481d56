using System.Collections.Immutable;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Stores;

namespace Backup.Checkpoints.Memory;

/// <summary>What is another in the units of one process at two cuts.</summary>
/// <param name="older">The units at the earlier cut.</param>
/// <param name="newer">The units at the later one.</param>
internal sealed class MemoryChanges(ImmutableSortedDictionary<UnitId, MemoryUnit> older, ImmutableSortedDictionary<UnitId, MemoryUnit> newer)
{
    /// <summary>The units that are not there any more, in order.</summary>
    public IReadOnlyList<UnitId> Gone { get; } = [.. older.Keys.Where(unit => !newer.ContainsKey(unit))];

    /// <summary>The units that are new or another, in order.</summary>
    public IReadOnlyList<UnitId> Changed { get; } = [.. newer.Where(n => !ReferenceEquals(older.GetValueOrDefault(n.Key), n.Value)).Select(n => n.Key)];

    /// <summary>The changes of a unit: of a deletion the record is kind and key alone.</summary>
    public IEnumerable<(FeedEventKind Kind, bool Replaces, EncodedRecord Record)> Of(UnitId unit)
    {
        var (before, now) = (older.GetValueOrDefault(unit) ?? MemoryUnit.Empty, newer.GetValueOrDefault(unit) ?? MemoryUnit.Empty);
        foreach (var key in before.Records.Keys)
            if (!now.Records.ContainsKey(key)) yield return (FeedEventKind.Delete, false, new(key, key.Length));
        foreach (var (key, bytes) in now.Records)
        {
            var known = before.Records.TryGetValue(key, out var old);
            if (!known || !old.Span.SequenceEqual(bytes.Span)) yield return (FeedEventKind.Put, known, new(bytes, key.Length));
        }
    }
}

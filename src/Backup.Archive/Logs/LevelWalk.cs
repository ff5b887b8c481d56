using Backup.Archive.Objects;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Logs;

/// <summary>
/// Reads a log back from its head and takes, at each tick, the level that ends with it and stands for the most. A level names the last of its
/// ticks by digest, and a tick names all that is before it: so whoever wrote a level, it stands for what is on the way or is not met at all.
/// </summary>
internal static class LevelWalk
{
    /// <summary>Walks. Null when there are no levels, or a tick that no level stands for is damaged or missing.</summary>
    public static async Task<(IReadOnlyList<Tick> Ticks, IReadOnlyList<DamageException> PassedOver)?> RunAsync(OpenedArchive archive, string source, IReadOnlyList<string> names, CancellationToken cancellation)
    {
        var levels = (await archive.Storage.ListAllAsync(ObjectNames.Levels(source), cancellation)).Select(item => item.Name).Order(StringComparer.Ordinal).ToArray();
        if (levels.Length == 0 || names.Max(StringComparer.Ordinal) is not { } head) return null;
        var passedOver = new List<DamageException>();
        var walked = new List<Tick>();
        try
        {
            var next = (await TickChain.ReadAsync(archive, source, head, cancellation)).Digest;
            var sequence = long.MaxValue;
            for (ObjectDigest? at = next; at is not null; at = walked[^1].Marker.Previous)
            {
                var tick = await LevelAsync(archive, source, at, levels, passedOver, cancellation) ?? await TickChain.ReadAsync(archive, source, at.Object, cancellation);
                // What is wrong with the way itself is told by who reads all of it.
                if (!tick.Digest.Sha256.AsSpan().SequenceEqual(at.Sha256) || tick.Marker.Sequence >= sequence) return null;
                sequence = tick.Marker.Sequence;
                walked.Add(tick);
            }
        }
        catch (DamageException)
        {
            return null;
        }
        walked.Reverse();
        return (walked, passedOver);
    }

    private static async Task<Tick?> LevelAsync(OpenedArchive archive, string source, ObjectDigest last, string[] levels, List<DamageException> passedOver, CancellationToken cancellation)
    {
        if (!last.Object.StartsWith(ObjectNames.Ticks(source), StringComparison.Ordinal)) return null;
        var prefix = ObjectNames.LevelsOf(source, last.Object);
        var from = Array.BinarySearch(levels, prefix, StringComparer.Ordinal);
        // Names behind the prefix ascend by how many ticks they stand for.
        foreach (var name in levels.Skip(from < 0 ? ~from : from).TakeWhile(name => name.StartsWith(prefix, StringComparison.Ordinal)).Reverse())
        {
            try
            {
                var level = await TickChain.ReadLevelAsync(archive, source, name, cancellation);
                if (level.Digest.Sha256.AsSpan().SequenceEqual(last.Sha256)) return level;
            }
            catch (DamageException damage)
            {
                passedOver.Add(damage);
            }
        }
        return null;
    }
}

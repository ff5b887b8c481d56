using Backup.Archive.Objects;
using Backup.Archive.Sealing;
using Backup.Contracts;
using Backup.Storage;

namespace Backup.Archive.Logs;

/// <summary>A close marker, or a level in the place of a run of them.</summary>
/// <param name="Marker">The content.</param>
/// <param name="Digest">Name, size and SHA-256 of the marker's object; of a level those of the last tick it stands for.</param>
public sealed record Tick(TickMarker Marker, ObjectDigest Digest)
{
    /// <summary>How many ticks it is.</summary>
    public long Count => Marker.Covers?.Ticks ?? 1;

    /// <summary>Digest of the first tick's marker.</summary>
    public ObjectDigest First => Marker.Covers?.First ?? Digest;

    /// <summary>True when nothing is missing between the one before and this one.</summary>
    public bool Follows(Tick before) =>
        Marker.Previous is { } previous && previous.Object == before.Digest.Object && previous.Sha256.AsSpan().SequenceEqual(before.Digest.Sha256) && Marker.From == before.Marker.To;
}

/// <summary>The ticks of a source's log from its beginning to its head, each naming the one before. What is not on the way to the head does not count.</summary>
public sealed class TickChain
{
    private TickChain(IReadOnlyList<Tick> ticks, IReadOnlyList<DamageException> problems)
    {
        Ticks = ticks;
        Problems = problems;
    }

    /// <summary>The ticks, oldest first. Behind a tick that is damaged or missing they go on.</summary>
    public IReadOnlyList<Tick> Ticks { get; }

    /// <summary>Markers that are damaged or missing.</summary>
    public IReadOnlyList<DamageException> Problems { get; }

    /// <summary>The newest tick, or null.</summary>
    public Tick? Head => Ticks.Count > 0 ? Ticks[^1] : null;

    /// <summary>Sources that have a log.</summary>
    public static async Task<IReadOnlyList<string>> SourcesAsync(OpenedArchive archive, CancellationToken cancellation)
    {
        var sources = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var item in archive.Storage.ListAsync(ObjectNames.Logs, cancellation)) sources.Add(item.Name[ObjectNames.Logs.Length..].Split('/')[0]);
        return [.. sources];
    }

    /// <summary>Lists the markers of a source's log and reads it back from its head, levels in the place of the ticks they stand for.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="source">The source.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="levels">False to read every tick itself, and what is off the way too.</param>
    public static async Task<TickChain> LoadAsync(OpenedArchive archive, string source, CancellationToken cancellation, bool levels = true)
    {
        var names = (await archive.Storage.ListAllAsync(ObjectNames.Ticks(source), cancellation)).Select(item => item.Name).ToList();
        if (levels && await LevelWalk.RunAsync(archive, source, names, cancellation) is var (walked, passedOver)) return new(walked, passedOver);
        var found = new Dictionary<string, Tick>(StringComparer.Ordinal);
        var damaged = new Dictionary<string, DamageException>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            try
            {
                found.Add(name, await ReadAsync(archive, source, name, cancellation));
            }
            catch (DamageException damage)
            {
                damaged.Add(name, damage);
            }
        }
        return Link(found, damaged);
    }

    /// <summary>Reads the marker of a tick.</summary>
    /// <exception cref="DamageException">It is missing, damaged, or another one's.</exception>
    public static async Task<Tick> ReadAsync(OpenedArchive archive, string source, string name, CancellationToken cancellation)
    {
        var (marker, digest) = await SealedDocument.GetAsync<TickMarker>(archive, ObjectKind.Tick, name, cancellation);
        if (marker.Source != source || marker.Covers is not null || !name.StartsWith(ObjectNames.Tick(source, marker.Epoch, marker.Sequence, ""), StringComparison.Ordinal))
            throw new DamageException(name, 0, "it is the marker of another tick");
        Check(name, marker);
        return new(marker, digest);
    }

    /// <summary>Reads a level; what it stands for is the caller's to compare.</summary>
    /// <exception cref="DamageException">It is missing, damaged, or another one's.</exception>
    public static async Task<Tick> ReadLevelAsync(OpenedArchive archive, string source, string name, CancellationToken cancellation)
    {
        var (marker, _) = await SealedDocument.GetAsync<TickMarker>(archive, ObjectKind.Tick, name, cancellation);
        if (marker.Source != source || marker.Covers is not { } covers || !covers.Last.Object.StartsWith(ObjectNames.Ticks(source), StringComparison.Ordinal)
            || !name.StartsWith(ObjectNames.Level(source, covers.Last.Object, covers.Ticks, ""), StringComparison.Ordinal))
            throw new DamageException(name, 0, "it is another level");
        Check(name, marker);
        return new(marker, covers.Last);
    }

    /// <summary>Writes a marker and reads it back: from here on the tick counts.</summary>
    public static async Task<Tick> AppendAsync(OpenedArchive archive, TickMarker marker, CancellationToken cancellation) =>
        new(marker, await SealedDocument.PutAsync(archive, ObjectKind.Tick, ObjectNames.Tick(marker.Source, marker.Epoch, marker.Sequence, Randomness.Token(8)), marker, cancellation));

    /// <summary>Writes a level and reads it back.</summary>
    public static async Task<ObjectDigest> AppendLevelAsync(OpenedArchive archive, TickMarker level, CancellationToken cancellation) =>
        await SealedDocument.PutAsync(archive, ObjectKind.Tick, ObjectNames.Level(level.Source, level.Covers!.Last.Object, level.Covers.Ticks, Randomness.Token(8)), level, cancellation);

    // What comes later goes by the commits being in order and in the tick.
    private static void Check(string name, TickMarker marker)
    {
        try
        {
            ulong? last = null;
            foreach (var commit in CommitList.Decode(marker.Commits))
            {
                if (commit.Position < marker.From || commit.Position >= marker.To || commit.Position <= last) throw new FormatException("a commit outside its tick");
                last = commit.Position;
            }
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            throw new DamageException(name, 0, error.Message);
        }
    }

    private static TickChain Link(Dictionary<string, Tick> found, Dictionary<string, DamageException> damaged)
    {
        var problems = damaged.Values.ToList();
        var ticks = new List<Tick>();
        // Who came later went on from what he saw; what an owner before him still closed leads nowhere.
        var tick = found.Values.MaxBy(t => (t.Marker.Epoch, t.Marker.Sequence, t.Digest.Object));
        while (tick is not null)
        {
            ticks.Add(tick);
            if (tick.Marker.Previous is not { } previous) break;
            if (found.TryGetValue(previous.Object, out var before))
            {
                if (!before.Digest.Sha256.AsSpan().SequenceEqual(previous.Sha256)) problems.Add(new(previous.Object, 0, $"it is not the tick that {tick.Digest.Object} follows"));
                if (before.Marker.Sequence < tick.Marker.Sequence)
                {
                    tick = before;
                    continue;
                }
                problems.Add(new(tick.Digest.Object, 0, "it follows a later tick"));
            }
            else if (!damaged.ContainsKey(previous.Object)) problems.Add(new(previous.Object, 0, $"it is missing; {tick.Digest.Object} follows it"));
            var sequence = tick.Marker.Sequence;
            tick = found.Values.Where(t => t.Marker.Sequence < sequence).MaxBy(t => (t.Marker.Sequence, t.Marker.Epoch, t.Digest.Object));
        }
        ticks.Reverse();
        return new(ticks, problems);
    }
}
